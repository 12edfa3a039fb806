import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { type BenchRow, median } from "./row.ts";
import { startProcess, stopProcess } from "./support/process.ts";

const QUESTION = "Why is training slow on this node?";
const WARM_UP_RUNS = 5;
const RUNS = 30;

/** A whole diagnosis over loopback HTTP: question in, report out, offline model, a new thread each. */
export async function benchAgentHttp(): Promise<BenchRow[]> {
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
    const size = `"${QUESTION}", four tool calls, 4 simulated GPUs, SQLite`;
    return [
      {
        what: "gpu_ops run over HTTP, p50",
        size: `${size}, ${RUNS} runs`,
        figure: median(times),
        unit: "ms",
        budget: "<= 150 ms",
      },
      { what: "gpu_ops run over HTTP, the first after the start", size: `${size}, one run`, figure: first, unit: "ms" },
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
    body: JSON.stringify({ assistant_id: "gpu_ops", input: { messages: [{ role: "user", content: QUESTION }] } }),
  });
  const values = (await response.json()) as { report?: { verdict?: string } };
  if (values.report?.verdict !== "driver") throw new Error(`unexpected verdict ${String(values.report?.verdict)}`);
  return performance.now() - startedAt;
}
