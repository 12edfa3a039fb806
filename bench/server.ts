import { Agent } from "node:http";

import { type BenchRow, median } from "./row.ts";
import { createThreads } from "./support/http.ts";
import { percentile, runLoad, timeToEvent, waitForRun } from "./support/load.ts";
import { settledMemory } from "./support/memory.ts";
import { BENCH_PROJECT, startNemops } from "./support/nemops.ts";
import { openBenchPostgres } from "./support/postgres.ts";

const WARM_UP_REQUESTS = 200;
const SINGLE_REQUESTS = 300;
const PARALLEL_CLIENTS = 32;
const PARALLEL_REQUESTS = 1_500;
const THREAD_REQUESTS = 800;
const STARTS = 3;

const body = JSON.stringify({ assistant_id: "two_nodes", input: { log: ["start"] } });

/** The LangGraph API over loopback; the server is a process of its own, so that the load does not run on its thread. */
export async function benchServer(): Promise<BenchRow[]> {
  // Only one that is named: here SQLite is what matters, and one of this machine's own takes a second to start.
  const postgres = process.env["TEST_POSTGRES_URL"] === undefined ? undefined : await openBenchPostgres();
  try {
    const onPostgres = postgres === undefined ? [] : await benchRuns("Postgres", { DATABASE_URI: postgres.uri });
    return [...(await benchRuns("SQLite")), ...onPostgres, ...(await benchStart())];
  } finally {
    await postgres?.stop();
  }
}

async function benchRuns(engine: string, env: Readonly<Record<string, string>> = {}): Promise<BenchRow[]> {
  const { url, stop } = await startNemops({ project: BENCH_PROJECT, env });
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL_CLIENTS });
  try {
    const wait = (): Promise<void> => waitForRun({ agent, url: `${url}/runs/wait`, body });
    const ids = await createThreads(agent, url, PARALLEL_CLIENTS + 1);
    const waitOn = (client: number): Promise<void> =>
      waitForRun({ agent, url: `${url}/threads/${ids[client]}/runs/wait`, body });
    await runLoad(WARM_UP_REQUESTS, 8, wait);
    const single = await runLoad(SINGLE_REQUESTS, 1, wait);
    const parallel = await runLoad(PARALLEL_REQUESTS, PARALLEL_CLIENTS, wait);
    // Every client keeps to a thread of its own, whose history grows.
    const threads = await runLoad(THREAD_REQUESTS, PARALLEL_CLIENTS, waitOn);
    const first = (): Promise<number> => timeToEvent({ agent, url: `${url}/runs/stream`, body }, "values");
    const firstEvents: number[] = [];
    for (let index = 0; index < SINGLE_REQUESTS; index += 1) firstEvents.push(await first());
    const onThread = await runLoad(50, 1, () => waitOn(PARALLEL_CLIENTS));
    const size = (count: number, clients: number): string => `${count} requests, ${clients} client(s), ${engine}`;
    return [
      row("POST /runs/wait, two nodes, p50", size(SINGLE_REQUESTS, 1), median(single.timesMs), "ms", "<= 10 ms"),
      row("POST /runs/wait, one client, rate", size(SINGLE_REQUESTS, 1), single.perSecond, "runs/s", ">= 100 runs/s"),
      row("POST /runs/wait, rate", size(PARALLEL_REQUESTS, 32), parallel.perSecond, "runs/s", ">= 250 runs/s"),
      row("POST /runs/wait, p99", size(PARALLEL_REQUESTS, 32), percentile(parallel.timesMs, 0.99), "ms", "<= 250 ms"),
      row("POST /threads/{id}/runs/wait, one thread, p50", size(50, 1), median(onThread.timesMs), "ms"),
      row("POST /threads/{id}/runs/wait, rate, a thread each", size(THREAD_REQUESTS, 32), threads.perSecond, "runs/s"),
      row("POST /runs/stream, first event, p50", size(SINGLE_REQUESTS, 1), median(firstEvents), "ms", "<= 8 ms"),
    ];
  } finally {
    agent.destroy();
    await stop();
  }
}

/** Real start of the whole service: process to `/ok`, then the memory it holds when nothing happens. */
async function benchStart(): Promise<BenchRow[]> {
  const startsMs: number[] = [];
  const memoryMib: number[] = [];
  for (let index = 0; index < STARTS; index += 1) {
    const startedAt = performance.now();
    const { url, pid, stop } = await startNemops();
    try {
      const response = await fetch(`${url}/ok`);
      if (!response.ok) throw new Error(`/ok answered ${response.status}`);
      startsMs.push(performance.now() - startedAt);
      memoryMib.push((await settledMemory(pid)).serverMib);
    } finally {
      await stop();
    }
  }
  return [
    row("start to /ok", `${STARTS} starts, offline model`, median(startsMs), "ms", "<= 1500 ms"),
    row("idle RSS after start", `${STARTS} starts`, median(memoryMib), "MiB", "<= 300 MiB"),
  ];
}

function row(what: string, size: string, figure: number, unit: string, budget?: string): BenchRow {
  return { what, size, figure, unit, ...(budget === undefined ? {} : { budget }) };
}
