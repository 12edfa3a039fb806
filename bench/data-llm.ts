import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { Design } from "../engine/data/design/design.ts";
import { systemClock } from "../lib/clock.ts";
import { loadConfig } from "../lib/config.ts";
import { createLog } from "../lib/log.ts";
import { seededRandom } from "../lib/random.ts";
import type { Metadata } from "../tools/data/dataset-job/metadata.ts";
import { runDatasetJob } from "../tools/data/dataset-job/run-job.ts";
import { createGenerationServices } from "../tools/data/generation-services.ts";
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

const BROKEN_SHARE = "0.02";
const REFUSED_SHARE = "0.1";
const REFUSALS: readonly { what: string; args: readonly string[] }[] = [
  { what: "429s for a random 10 %, Retry-After 0", args: ["random", "0"] },
  { what: "429s for a random 10 %, Retry-After 1", args: ["random", "1"] },
  { what: "429s for 10 % of the time", args: ["quota", "1"] },
];

/**
 * Four chained LLM columns as a job against an endpoint in a process of its own that answers after 200 ms. The figure is the
 * ideal time (cells x latency / requests in flight) as a share of the time taken, from the design to the finished files.
 */
export async function benchDataLlm(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  await withEndpoint([String(LATENCY_MS)], async (url) => {
    await runJob(url, 64, 100);
    for (const { parallel, rounds, budget } of RUNS) {
      const shares: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const { tookMs } = await runJob(url, parallel, ROWS);
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
  });
  for (const { what, args } of REFUSALS)
    await withEndpoint([String(LATENCY_MS), BROKEN_SHARE, REFUSED_SHARE, ...args], async (url) => {
      const { tookMs, metadata } = await runJob(url, 64, ROWS);
      const [model] = metadata.usage?.models ?? [];
      rows.push({
        what: `LLM columns with ${what} and 2 % broken JSON, rows that came out`,
        size: `${ROWS} rows x ${COLUMNS.length} chained columns, at most 64 in flight, ${(tookMs / 1_000).toFixed(1)} s, ${model?.requests ?? 0} requests, ${model?.rate_limited ?? 0} x 429, ${model?.restarts ?? 0} answers asked for again`,
        figure: metadata.actual_num_records,
        unit: "rows",
        budget: `${ROWS}`,
      });
    });
  return rows;
}

async function withEndpoint(args: readonly string[], work: (url: string) => Promise<void>): Promise<void> {
  const { child, url } = await startProcess({
    file: "bench/support/chat-stub.ts",
    args,
    urlLine: /listening on (\S+)/,
  });
  try {
    await work(url);
  } finally {
    await stopProcess(child);
  }
}

async function runJob(
  url: string,
  parallel: number,
  numRecords: number,
): Promise<{ readonly tookMs: number; readonly metadata: Metadata }> {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  const services = createGenerationServices({
    config: loadConfig({ LLM_BASE_URL: url }),
    clock: systemClock,
    random: seededRandom(1),
    log: createLog({ level: "warn" }),
  });
  try {
    const start = performance.now();
    const { metadata } = await runDatasetJob({
      design: chainOf(parallel),
      datasetName: "bench",
      folder: path.join(folder, "artifacts"),
      numRecords,
      seed: 1,
      services,
    });
    return { tookMs: performance.now() - start, metadata };
  } finally {
    services.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function chainOf(parallel: number): Design {
  const columns = COLUMNS.map((name, at) => ({
    column_type: "llm-structured",
    name,
    prompt: `Write ${name} after: {{ ${COLUMNS[at - 1] ?? "id"} }}`,
    model_alias: "m",
    output_format: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  }));
  return Design.parse({
    columns: [
      { column_type: "sampler", name: "id", sampler_type: "uuid", params: { sampler_type: "uuid" } },
      ...columns,
    ],
    model_configs: [{ alias: "m", model: "stub", inference_parameters: { max_parallel_requests: parallel } }],
  });
}
