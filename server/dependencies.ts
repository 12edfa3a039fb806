import { fileURLToPath } from "node:url";

import { createModel } from "../graphs/model/create-model.ts";
import { type GpuOpsGraph, createGpuOpsGraph } from "../graphs/gpu-ops/graph.ts";
import type { ModelHandle } from "../graphs/model/types.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { type Config, loadConfig, settingsEnvironment } from "../lib/config.ts";
import { type Log, createLog } from "../lib/log.ts";
import { type Random, systemRandom } from "../lib/random.ts";
import { VERSION } from "../lib/version.ts";
import { createToolClient } from "../mcp/client/create-tool-client.ts";
import { type ServerSpec, serversForGraph } from "../mcp/client/server-spec.ts";
import { readServersFile } from "../mcp/client/servers-file.ts";
import type { ToolClient } from "../mcp/client/tool-client.ts";
import type { McpServerFactory } from "../mcp/server/create-server.ts";
import { createGpuOpsServer } from "../mcp/server/gpu-ops.ts";
import type { GpuToolContext } from "../tools/gpu/context.ts";
import { createGpuToolContext } from "../tools/gpu/create-context.ts";

/** Everything a running service is made of. */
export interface Dependencies {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly gpu: GpuToolContext;
  /** Our own MCP servers by name. */
  readonly mcpServers: Readonly<Record<string, McpServerFactory>>;
  /** The tools as `gpu_ops` has them. */
  readonly tools: ToolClient;
  readonly model: ModelHandle;
  readonly graphs: { readonly gpu_ops: GpuOpsGraph };
  close(): Promise<void>;
}

export interface DependenciesOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Picks every implementation. Throws ServiceError when the home folder cannot be used, ConfigError for a bad servers file. */
export async function createDependencies(options: DependenciesOptions): Promise<Dependencies> {
  const { config, log, clock = systemClock, random = systemRandom } = options;
  const gpu = await createGpuToolContext({ config, clock, random, log });
  try {
    const mcpServers = { "gpu-ops": createGpuOpsServer({ context: gpu, log }) };
    const servers = [ownServer("gpu-ops", mcpServers["gpu-ops"], config), ...furtherServers(config)];
    const tools = createToolClient({
      servers: serversForGraph(servers, "gpu_ops"),
      timeoutMs: config.mcp.timeoutMs,
      clock,
      random,
      log,
      clientVersion: VERSION,
    });
    const model = await createModel({ config: config.llm, log, clock, random });
    const graph = createGpuOpsGraph({ model, tools, maxSteps: config.agentMaxSteps, clock, log });
    return {
      config,
      log,
      clock,
      gpu,
      mcpServers,
      tools,
      model,
      graphs: { gpu_ops: graph },
      async close() {
        await tools.close();
        await gpu.close();
      },
    };
  } catch (error) {
    await gpu.close();
    throw error;
  }
}

function ownServer(name: string, createServer: McpServerFactory, { mcp }: Config): ServerSpec {
  switch (mcp.transport) {
    case "memory":
      return { name, createServer };
    case "stdio": {
      const command = fileURLToPath(new URL("../cli/nemops.js", import.meta.url));
      return {
        name,
        transport: "stdio",
        command: process.execPath,
        args: [command, "mcp", name],
        env: settingsEnvironment(),
      };
    }
    case "http":
      return { name, transport: "http", url: `${(mcp.url ?? "").replace(/\/+$/, "")}/mcp/${name}` };
  }
}

function furtherServers({ mcp }: Config): readonly ServerSpec[] {
  if (!mcp.serversFile) return [];
  return readServersFile(mcp.serversFile, { reservedNames: ["gpu-ops", "data-designer"], graphs: ["gpu_ops"] });
}

let shared: Promise<Dependencies> | undefined;

/**
 * The dependencies of this process. `langgraph.json` names graphs by file and export, so a graph that is loaded that
 * way, by our server or by another, asks here for what it needs.
 */
export function sharedDependencies(): Promise<Dependencies> {
  shared ??= createShared();
  return shared;
}

/** Makes `dependencies` the ones that graphs loaded from `langgraph.json` use. */
export function shareDependencies(dependencies: Dependencies): void {
  shared = Promise.resolve(dependencies);
}

async function createShared(): Promise<Dependencies> {
  const config = loadConfig();
  return createDependencies({ config, log: createLog({ level: config.logLevel }) });
}
