import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { type BenchRow, median } from "./row.ts";
import { startProcess, stopProcess } from "./support/process.ts";

const BRIEF =
  "Design fake medical invoices with patient, ICD code, amount between 50 and 5000 and a due date after the invoice date";
const WARM_UP_RUNS = 5;
const RUNS = 30;

/** A brief to a checked and previewed design over loopback HTTP, offline model, a new thread each. */
export async function benchBrief(): Promise<BenchRow[]> {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  const server = await startProcess({
    file: "cli/nemops.js",
    args: ["serve", "--port", "0"],
    env: { NEMOPS_HOME: home, LLM_PROVIDER: "offline", LOG_LEVEL: "error" },
    urlLine: /API\s+(http:\S+)/,
  });
  try {
    const first = await timeRun(server.url);
    for (let run = 0; run < WARM_UP_RUNS; run += 1) await timeRun(server.url);
    const times: number[] = [];
    for (let run = 0; run < RUNS; run += 1) times.push(await timeRun(server.url));
    const size = "a brief with five wishes, design, validation, preview of 5 rows, SQLite";
    return [
      {
        what: "data_designer brief over HTTP, p50",
        size: `${size}, ${RUNS} runs`,
        figure: median(times),
        unit: "ms",
        budget: "<= 200 ms",
      },
      {
        what: "data_designer brief over HTTP, the first after the start",
        size: `${size}, one run`,
        figure: first,
        unit: "ms",
      },
    ];
  } finally {
    await stopProcess(server.child);
    rmSync(home, { recursive: true, force: true });
  }
}

async function timeRun(url: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/runs/wait`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ assistant_id: "data_designer", input: { messages: [{ role: "user", content: BRIEF }] } }),
  });
  const values = (await response.json()) as { summary?: { columns?: string[] }; violations?: unknown[] };
  if (!values.summary?.columns?.includes("due_date")) throw new Error(`unexpected answer ${JSON.stringify(values)}`);
  return performance.now() - startedAt;
}
