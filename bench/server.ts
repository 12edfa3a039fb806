import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";

import { type BenchRow, median } from "./row.ts";
import { startProcess, stopProcess } from "./support/process.ts";

const WARM_UP_REQUESTS = 200;
const SINGLE_REQUESTS = 300;
const PARALLEL_CLIENTS = 32;
const PARALLEL_REQUESTS = 1_500;
const STARTS = 3;

const body = JSON.stringify({ assistant_id: "two_nodes", input: { log: ["start"] } });

/** The LangGraph API over loopback; the server is a process of its own, so that the load does not run on its thread. */
export async function benchServer(): Promise<BenchRow[]> {
  const postgres = await createBenchSchema();
  try {
    const onPostgres = postgres === undefined ? [] : await benchRuns("Postgres", postgres.uri);
    return [...(await benchRuns("SQLite")), ...onPostgres, ...(await benchStart())];
  } finally {
    await postgres?.drop();
  }
}

/** A schema of its own in the Postgres of `TEST_POSTGRES_URL`; undefined without one. */
async function createBenchSchema(): Promise<{ readonly uri: string; drop(): Promise<void> } | undefined> {
  const url = process.env["TEST_POSTGRES_URL"];
  if (url === undefined) return undefined;
  const { startTestPostgres } = await import("../test/support/postgres.ts");
  const postgres = await startTestPostgres();
  return { uri: await postgres.createSchema(), drop: () => postgres.stop() };
}

async function benchRuns(engine: string, databaseUri?: string): Promise<BenchRow[]> {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  const server = await startProcess({
    file: "bench/support/two-nodes-server.ts",
    args: databaseUri === undefined ? [home] : [home, databaseUri],
    urlLine: /^(http:\S+)/,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL_CLIENTS });
  try {
    const stateless = `${server.url}/runs/wait`;
    const { thread_id: threadId } = JSON.parse(await post(agent, `${server.url}/threads`, "{}")) as {
      thread_id: string;
    };
    await load(agent, stateless, WARM_UP_REQUESTS, 8);
    const single = await load(agent, stateless, SINGLE_REQUESTS, 1);
    const parallel = await load(agent, stateless, PARALLEL_REQUESTS, PARALLEL_CLIENTS);
    const threads = await loadThreads(agent, server.url);
    const firstEvents: number[] = [];
    for (let index = 0; index < SINGLE_REQUESTS; index += 1) {
      firstEvents.push(await timeToFirstEvent(agent, `${server.url}/runs/stream`));
    }
    const onThread = await load(agent, `${server.url}/threads/${threadId}/runs/wait`, 50, 1);
    const size = (count: number, clients: number): string => `${count} requests, ${clients} client(s), ${engine}`;
    return [
      row("POST /runs/wait, two nodes, p50", size(SINGLE_REQUESTS, 1), median(single.timesMs), "ms", "<= 10 ms"),
      row("POST /runs/wait, rate", size(PARALLEL_REQUESTS, 32), parallel.perSecond, "runs/s", ">= 250 runs/s"),
      row("POST /runs/wait, p99", size(PARALLEL_REQUESTS, 32), percentile(parallel.timesMs, 0.99), "ms", "<= 250 ms"),
      row("POST /threads/{id}/runs/wait, one thread, p50", size(50, 1), median(onThread.timesMs), "ms"),
      row("POST /threads/{id}/runs/wait, rate, a thread each", size(800, 32), threads.perSecond, "runs/s"),
      row("POST /runs/stream, first event, p50", size(SINGLE_REQUESTS, 1), median(firstEvents), "ms", "<= 8 ms"),
    ];
  } finally {
    agent.destroy();
    await stopProcess(server.child);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Real start of the whole service: process to `/ok`, then the memory it holds when nothing happens. */
async function benchStart(): Promise<BenchRow[]> {
  const startsMs: number[] = [];
  const memoryMib: number[] = [];
  for (let index = 0; index < STARTS; index += 1) {
    const home = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
    const startedAt = performance.now();
    const env = { PORT: "0", HOST: "127.0.0.1", NEMOPS_HOME: home, LLM_PROVIDER: "offline", LOG_LEVEL: "warn" };
    const server = await startProcess({ file: "cli/nemops.js", args: ["serve"], env, urlLine: /API\s+(http:\S+)/ });
    try {
      const response = await fetch(`${server.url}/ok`);
      if (!response.ok) throw new Error(`/ok answered ${response.status}`);
      startsMs.push(performance.now() - startedAt);
      // Let what the start left behind be collected before memory is read.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      memoryMib.push(residentMib(server.child.pid));
    } finally {
      await stopProcess(server.child);
      rmSync(home, { recursive: true, force: true });
    }
  }
  return [
    row("start to /ok", `${STARTS} starts, offline model`, median(startsMs), "ms", "<= 1500 ms"),
    row("idle RSS after start", `${STARTS} starts`, median(memoryMib), "MiB", "<= 300 MiB"),
  ];
}

function row(what: string, size: string, figure: number, unit: string, budget?: string): BenchRow {
  return { what, size, figure: Math.round(figure * 10) / 10, unit, ...(budget === undefined ? {} : { budget }) };
}

function residentMib(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

interface Load {
  readonly timesMs: number[];
  readonly perSecond: number;
}

async function load(agent: Agent, url: string, count: number, clients: number): Promise<Load> {
  return run(count, clients, () => post(agent, url, body));
}

/** Every client keeps to a thread of its own, whose history grows. */
async function loadThreads(agent: Agent, url: string): Promise<Load> {
  const ids = await Promise.all(
    Array.from({ length: PARALLEL_CLIENTS }, async () => {
      const { thread_id: id } = JSON.parse(await post(agent, `${url}/threads`, "{}")) as { thread_id: string };
      return id;
    }),
  );
  return run(800, PARALLEL_CLIENTS, (client) => post(agent, `${url}/threads/${ids[client]}/runs/wait`, body));
}

async function run(count: number, clients: number, call: (client: number) => Promise<string>): Promise<Load> {
  const timesMs: number[] = [];
  let left = count;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (; left > 0;) {
        left -= 1;
        const sentAt = performance.now();
        const answer = await call(client);
        timesMs.push(performance.now() - sentAt);
        if (!answer.includes('"second"')) throw new Error(`unexpected answer: ${answer.slice(0, 200)}`);
      }
    }),
  );
  return { timesMs, perSecond: (timesMs.length * 1000) / (performance.now() - startedAt) };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN;
}

const OPTIONS = { method: "POST", headers: { "content-type": "application/json" } };

function post(agent: Agent, url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...OPTIONS, agent }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        answer += part;
      });
      response.on("end", () => resolve(answer));
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

/** Until the first event that the graph itself sent has arrived; `metadata` comes before it. */
function timeToFirstEvent(agent: Agent, url: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...OPTIONS, agent }, (response) => {
      let text = "";
      let firstMs = Number.NaN;
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        if (Number.isNaN(firstMs) && text.includes("event: values")) firstMs = performance.now() - startedAt;
      });
      response.on("end", () => resolve(firstMs));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
