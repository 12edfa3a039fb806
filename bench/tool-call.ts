import { systemClock } from "../lib/clock.ts";
import { loadConfig } from "../lib/config.ts";
import { createLog } from "../lib/log.ts";
import { seededRandom } from "../lib/random.ts";
import { createToolClient } from "../mcp/client/create-tool-client.ts";
import { createGpuOpsServer } from "../mcp/server/gpu-ops.ts";
import { createGpuToolContext } from "../tools/gpu/create-context.ts";
import { type BenchRow, median } from "./row.ts";

const CALLS = [
  { name: "lookup_xid", args: { xid: 79 } },
  { name: "gpu_health_check", args: {} },
];
const WARM_UP = 50;
const REPETITIONS = 300;

/** One tool call through the whole protocol, in process, as the agents make it. */
export async function benchToolCall(): Promise<BenchRow[]> {
  const log = createLog({ level: "silent" });
  const random = seededRandom(1);
  const config = { ...loadConfig({ EMBEDDINGS_PROVIDER: "none" }), home: ":memory:" };
  const context = await createGpuToolContext({ config, clock: systemClock, random, log });
  const client = createToolClient({
    servers: [{ name: "gpu-ops", createServer: createGpuOpsServer({ context, log }) }],
    timeoutMs: 60_000,
    clock: systemClock,
    random,
    log,
  });
  try {
    const startMs = performance.now();
    await client.listTools();
    const rows: BenchRow[] = [
      {
        what: "MCP connect and list the tools, in memory",
        size: "11 tools, first use",
        figure: performance.now() - startMs,
        unit: "ms",
      },
    ];
    for (const { name, args } of CALLS) {
      const timesMs: number[] = [];
      for (let index = 0; index < WARM_UP + REPETITIONS; index += 1) {
        const beganMs = performance.now();
        await client.call(name, args);
        if (index >= WARM_UP) timesMs.push(performance.now() - beganMs);
      }
      rows.push({
        what: `${name} through MCP, in memory`,
        size: `${REPETITIONS} calls, 4 simulated GPUs`,
        figure: median(timesMs),
        unit: "ms",
      });
    }
    return rows;
  } finally {
    await client.close();
    await context.close();
  }
}
