import { systemClock } from "../lib/clock.ts";
import { seededRandom } from "../lib/random.ts";
import type { CellColumn } from "../tools/data/llm/cells.ts";
import { createChatEndpoint } from "../tools/data/llm/chat-endpoint.ts";
import { runCells } from "../tools/data/llm/run-cells.ts";
import { type BenchRow, median } from "./row.ts";
import { startProcess, stopProcess } from "./support/process.ts";

const LATENCY_MS = 200;
const ROWS = 1_000;
const COLUMNS = ["a", "b", "c", "d"];
const RUNS: readonly { parallel: number; rounds: number; budget: string }[] = [
  { parallel: 16, rounds: 1, budget: ">= 95 %" },
  { parallel: 64, rounds: 3, budget: ">= 90 %" },
  { parallel: 256, rounds: 3, budget: ">= 70 %" },
];

/**
 * Four chained LLM columns against an endpoint in a process of its own that answers after 200 ms. The figure is the
 * ideal time (cells x latency / requests in flight) as a share of the time taken, connections included.
 */
export async function benchDataLlm(): Promise<BenchRow[]> {
  const { child, url } = await startProcess({
    file: "bench/support/chat-stub.ts",
    args: [String(LATENCY_MS)],
    urlLine: /listening on (\S+)/,
  });
  const rows: BenchRow[] = [];
  try {
    await measure(url, 64, 100);
    for (const { parallel, rounds, budget } of RUNS) {
      const shares: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const tookMs = await measure(url, parallel, ROWS);
        shares.push((100 * ROWS * COLUMNS.length * LATENCY_MS) / parallel / tookMs);
      }
      const size = `${ROWS} rows x ${COLUMNS.length} chained columns, ${LATENCY_MS} ms endpoint, repetitions: ${rounds}`;
      rows.push({
        what: `LLM columns, ${parallel} in flight, share of the ideal rate`,
        size,
        figure: median(shares),
        unit: "%",
        budget,
      });
    }
  } finally {
    await stopProcess(child);
  }
  return rows;
}

async function measure(url: string, parallel: number, rowCount: number): Promise<number> {
  const ask = createChatEndpoint({ baseUrl: url });
  const columns = COLUMNS.map((name, at): CellColumn => {
    const before = COLUMNS[at - 1];
    return {
      column: { column_type: "llm-text", name },
      alias: "m",
      dependsOn: before === undefined ? [] : [before],
      render: (record) => ({
        prompt: `Write ${name} of row ${JSON.stringify(record["id"])} after: ${JSON.stringify(record[before ?? "id"])}`,
      }),
    };
  });
  try {
    const start = performance.now();
    const { failures } = await runCells({
      records: Array.from({ length: rowCount }, (_, id) => ({ id })),
      firstRow: 0,
      columns,
      models: new Map([
        ["m", { model: "stub", ask, maxParallel: parallel, timeoutMs: 30_000, parameters: () => ({}) }],
      ]),
      clock: systemClock,
      random: seededRandom(1),
      signal: new AbortController().signal,
    });
    if (failures.length > 0) throw new Error(`${failures.length} cells failed: ${failures[0]?.message}`);
    return performance.now() - start;
  } finally {
    ask.close();
  }
}
