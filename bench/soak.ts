import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { seededRandom } from "../lib/random.ts";
import { type BenchRow, median } from "./row.ts";
import { createThreads } from "./support/http.ts";
import { residentMib } from "./support/memory.ts";
import { startProcess, stopProcess } from "./support/process.ts";
import { readRun } from "./support/soak-client.ts";

export interface SoakOptions {
  readonly threads: number;
  readonly clients: number;
  readonly minutes: number;
  /** Share of the runs whose reader leaves in the middle and comes back; 0 to 1. */
  readonly leaving: number;
}

export interface SoakResult {
  readonly runs: number;
  readonly events: number;
  readonly returns: number;
  readonly lost: number;
  readonly doubled: number;
  /** What the first runs that lost or doubled events saw. */
  readonly problems: readonly string[];
  readonly seconds: number;
  /** Resident memory of the server, median of the samples after warm-up and at the end. */
  readonly warmMib: number;
  readonly endMib: number;
}

const DEFAULTS: SoakOptions = { threads: 200, clients: 32, minutes: 1, leaving: 0.3 };
const TICKS = 60;
/** Part of the time after which memory should have found its level. */
const WARM_UP = 0.4;
const MAX_PROBLEMS = 5;
const SAMPLES_PER_SOAK = 100;

/**
 * Many clients stream runs on many threads, some leave and come back, and every event is counted. The server is a process
 * of its own; what is kept is SQLite in a folder that is removed afterwards.
 */
export async function soak({ threads, clients, minutes, leaving }: SoakOptions): Promise<SoakResult> {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-soak-"));
  const server = await startProcess({ file: "bench/support/soak-server.ts", args: [home], urlLine: /^(http:\S+)/ });
  const agent = new Agent({ keepAlive: true });
  const durationMs = minutes * 60_000;
  const memoryMib: number[] = [];
  const problems: string[] = [];
  const sample = setInterval(() => memoryMib.push(residentMib(server.child.pid)), durationMs / SAMPLES_PER_SOAK);
  try {
    const threadIds = await createThreads(agent, server.url, threads);
    const total = { runs: 0, events: 0, returns: 0, lost: 0, doubled: 0 };
    const startedAt = performance.now();
    const work = async (client: number): Promise<void> => {
      const random = seededRandom(client + 1);
      // A thread belongs to one client: it runs one thing at a time, and what is measured is not its queue.
      const own = threadIds.filter((_, index) => index % clients === client);
      for (let turn = 0; performance.now() - startedAt < durationMs; turn += 1) {
        const leaveAfter = random() < leaving ? 1 + Math.floor(random() * TICKS) : undefined;
        const threadId = own[turn % own.length] ?? "";
        const tally = await readRun({ agent, url: server.url, threadId, ticks: TICKS, leaveAfter });
        total.runs += 1;
        total.events += tally.events;
        total.returns += tally.returns;
        total.lost += tally.lost;
        total.doubled += tally.doubled;
        if (tally.problem !== undefined && problems.length < MAX_PROBLEMS) problems.push(tally.problem);
      }
    };
    await Promise.all(Array.from({ length: Math.min(clients, threads) }, (_, client) => work(client)));
    const seconds = (performance.now() - startedAt) / 1000;
    const warm = Math.floor(memoryMib.length * WARM_UP);
    const tail = Math.max(Math.floor(memoryMib.length * 0.1), 1);
    return {
      ...total,
      problems,
      seconds,
      warmMib: median(memoryMib.slice(warm, warm + tail)),
      endMib: median(memoryMib.slice(-tail)),
    };
  } finally {
    clearInterval(sample);
    agent.destroy();
    await stopProcess(server.child);
    rmSync(home, { recursive: true, force: true });
  }
}

/** The soak as rows of the benchmark. Throws when an event was lost or came twice. */
export async function benchSoak(options: SoakOptions = DEFAULTS): Promise<BenchRow[]> {
  const result = await soak(options);
  const { threads, clients, minutes, leaving } = options;
  const { lost, doubled, problems } = result;
  if (lost + doubled > 0) throw new Error(`soak: ${lost} lost, ${doubled} doubled\n${problems.join("\n")}`);
  const share = `${Math.round(leaving * 100)} % leaving`;
  const size = `${threads} threads, ${clients} clients, ${share}, ${minutes} min, ${result.runs} runs, SQLite`;
  const growth = (result.endMib / result.warmMib - 1) * 100;
  return [
    { what: "soak, events read", size, figure: result.events / result.seconds, unit: "events/s" },
    { what: "soak, runs", size, figure: result.runs / result.seconds, unit: "runs/s" },
    { what: "soak, readers that came back", size, figure: result.returns, unit: "readers" },
    { what: "soak, events lost or doubled", size, figure: 0, unit: "events", budget: "0" },
    { what: "soak, RSS at the end", size, figure: result.endMib, unit: "MiB" },
    { what: "soak, RSS since warm-up", size, figure: growth, unit: "%", budget: "<= 10 %" },
  ];
}

/** `node bench/soak.ts --threads 500 --clients 64 --minutes 10 --leaving 0.3` */
if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      threads: { type: "string" },
      clients: { type: "string" },
      minutes: { type: "string" },
      leaving: { type: "string" },
    },
  });
  const rows = await benchSoak({
    threads: Number(values.threads ?? DEFAULTS.threads),
    clients: Number(values.clients ?? DEFAULTS.clients),
    minutes: Number(values.minutes ?? DEFAULTS.minutes),
    leaving: Number(values.leaving ?? DEFAULTS.leaving),
  });
  for (const { what, figure, unit, size } of rows)
    process.stdout.write(`${what}: ${figure.toFixed(1)} ${unit}; ${size}\n`);
}
