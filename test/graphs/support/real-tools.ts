import { loadConfig } from "../../../lib/config.ts";
import { systemClock } from "../../../lib/clock.ts";
import { createToolClient } from "../../../mcp/client/create-tool-client.ts";
import type { ToolClient } from "../../../mcp/client/tool-client.ts";
import { createGpuOpsServer } from "../../../mcp/server/gpu-ops.ts";
import { createGpuToolContext } from "../../../tools/gpu/create-context.ts";
import { log } from "./run-graph.ts";

export interface RealTools {
  readonly client: ToolClient;
  close(): Promise<void>;
}

/** The real eleven tools over MCP in process, on a simulated node, with everything kept in memory. */
export async function openRealTools(settings: Record<string, string> = {}): Promise<RealTools> {
  const config = { ...loadConfig({ EMBEDDINGS_PROVIDER: "none", ...settings }), home: ":memory:" };
  const random = () => 0.5;
  const context = await createGpuToolContext({ config, clock: systemClock, random, log });
  const client = createToolClient({
    servers: [{ name: "gpu-ops", createServer: createGpuOpsServer({ context, log }) }],
    timeoutMs: config.mcp.timeoutMs,
    clock: systemClock,
    random,
    log,
  });
  return {
    client,
    async close() {
      await client.close();
      await context.close();
    },
  };
}
