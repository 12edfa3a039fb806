import { HumanMessage } from "@langchain/core/messages";

import { createGpuOpsGraph } from "../graphs/gpu-ops/graph.ts";
import { createModel } from "../graphs/model/create-model.ts";
import { systemClock } from "../lib/clock.ts";
import { loadConfig } from "../lib/config.ts";
import { createLog } from "../lib/log.ts";
import { createToolClient } from "../mcp/client/create-tool-client.ts";
import { createGpuOpsServer } from "../mcp/server/gpu-ops.ts";
import { createGpuToolContext } from "../tools/gpu/create-context.ts";
import { type BenchRow, median } from "./row.ts";

const QUESTIONS = ["Why is training slow on this node?", "Is GPU 2 ok?", "What is XID 79 and what do I do?"];
const WARM_UP = 5;
const ROUNDS = 30;

/**
 * Offline `gpu_ops` runs in this process, over the real tools and the MCP protocol in memory, streamed as a client
 * would have them. What HTTP and the checkpointer add is measured with the server.
 */
export async function benchAgent(): Promise<BenchRow[]> {
  const config = {
    ...loadConfig({ LLM_PROVIDER: "offline", EMBEDDINGS_PROVIDER: "none", LOG_LEVEL: "silent" }),
    home: ":memory:",
  };
  const log = createLog({ level: "silent" });
  const base = { clock: systemClock, random: Math.random, log };
  const context = await createGpuToolContext({ config, ...base });
  const tools = createToolClient({
    servers: [{ name: "gpu-ops", createServer: createGpuOpsServer({ context, log }) }],
    timeoutMs: config.mcp.timeoutMs,
    ...base,
  });
  const model = await createModel({ config: config.llm, ...base });
  const graph = createGpuOpsGraph({ model, tools, maxSteps: config.agentMaxSteps, clock: systemClock, log });
  const rows: BenchRow[] = [];
  try {
    for (const question of QUESTIONS) {
      const whole: number[] = [];
      const first: number[] = [];
      for (let round = -WARM_UP; round < ROUNDS; round += 1) {
        const start = performance.now();
        let firstMs: number | undefined;
        const stream = await graph.stream(
          { messages: [new HumanMessage(question)] },
          { streamMode: ["values", "messages", "custom"] },
        );
        for await (const _event of stream) firstMs ??= performance.now() - start;
        if (round < 0) continue;
        whole.push(performance.now() - start);
        first.push(firstMs ?? Number.NaN);
      }
      const size = `"${question}", ${ROUNDS} runs, offline, no HTTP`;
      rows.push({ what: "gpu_ops run, p50", size, figure: median(whole), unit: "ms", budget: "<= 150 ms over HTTP" });
      rows.push({ what: "gpu_ops first stream event, p50", size, figure: median(first), unit: "ms" });
    }
  } finally {
    await tools.close();
    await context.close();
  }
  return rows;
}
