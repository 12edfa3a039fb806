import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";

import { errorMessage } from "../lib/errors.ts";
import { median } from "./row.ts";
import { createThreads } from "./support/http.ts";
import { type Load, percentile, runLoad, waitForRun } from "./support/load.ts";
import { BENCH_PROJECT, type Service, startNemops } from "./support/nemops.ts";
import { openBenchPostgres } from "./support/postgres.ts";
import { type SizeChoice, describeSizes } from "./support/sizes.ts";
import type { BenchTable } from "./support/table.ts";

type ReplicaSizes = {
  replicas: readonly number[];
  clients: number;
  /** Runs of a load that computes only; the others do as many as fit into that time. */
  requests: number;
  rounds: number;
  /** What each of the two nodes waits for a model elsewhere, in ms. */
  call: number;
  /** Runs that a process executes at the same time. */
  slots: number;
};

export const REPLICA_SIZES: SizeChoice<ReplicaSizes> = {
  full: { replicas: [1, 2, 3], clients: 32, requests: 300, rounds: 2, call: 100, slots: 8 },
  quick: { requests: 60, rounds: 1 },
};

interface LoadKind {
  readonly name: string;
  /** Whether the nodes wait, so that the slots of a process and not this machine's cores are what is short. */
  readonly isWaiting: boolean;
  readonly isOnThreads: boolean;
}

const KINDS: readonly LoadKind[] = [
  { name: "nodes that call a model, on threads", isWaiting: true, isOnThreads: true },
  { name: "nodes that call a model, stateless", isWaiting: true, isOnThreads: false },
  { name: "nodes that only compute, on threads", isWaiting: false, isOnThreads: true },
  { name: "nodes that only compute, stateless", isWaiting: false, isOnThreads: false },
];

/** One service process against several on one Postgres, with the same clients spread evenly over them. */
export async function benchReplicas(sizes: ReplicaSizes): Promise<BenchTable[]> {
  const postgres = await openBenchPostgres();
  if (postgres === undefined) {
    process.stderr.write("replicas: skipped, there is no Postgres on this machine and TEST_POSTGRES_URL names none\n");
    return [];
  }
  try {
    const rates = new Map(KINDS.map((kind) => [kind, new Map<number, Load[]>()]));
    for (let round = 0; round < sizes.rounds; round += 1) {
      for (const count of sizes.replicas) {
        await withReplicas(count, postgres.uri, sizes, async (services) => {
          for (const [kind, loads] of rates) {
            loads.set(count, [...(loads.get(count) ?? []), await loadReplicas(services, kind, sizes)]);
          }
        });
      }
    }
    return [describe(rates, sizes)];
  } finally {
    await postgres.stop();
  }
}

async function withReplicas(
  count: number,
  databaseUri: string,
  { slots }: ReplicaSizes,
  work: (services: readonly Service[]) => Promise<void>,
): Promise<void> {
  const services: Service[] = [];
  const homes: string[] = [];
  const env = { DATABASE_URI: databaseUri, MAX_CONCURRENT_RUNS: String(slots) };
  try {
    for (let replica = 0; replica < count; replica += 1) {
      const home = mkdtempSync(path.join(tmpdir(), "nemops-bench-replica-"));
      homes.push(home);
      services.push(await startReplica({ home, env, replica }));
    }
    await work(services);
  } finally {
    await Promise.all(services.map(({ stop }) => stop("SIGTERM")));
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  }
}

async function startReplica(options: {
  home: string;
  env: Readonly<Record<string, string>>;
  replica: number;
}): Promise<Service> {
  const { home, env, replica } = options;
  try {
    return await startNemops({ project: BENCH_PROJECT, home, env });
  } catch (error) {
    throw new Error(`replica ${replica + 1} on the same Postgres did not start: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

async function loadReplicas(services: readonly Service[], kind: LoadKind, sizes: ReplicaSizes): Promise<Load> {
  const { clients, requests, call, slots } = sizes;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const input = { log: ["start"], ...(kind.isWaiting ? { callMs: call } : {}) };
  const body = JSON.stringify({ assistant_id: kind.isWaiting ? "two_calls" : "two_nodes", input });
  const urlOf = (client: number): string => services[client % services.length]?.url ?? "";
  // As long with one process as with three, and long enough that the last runs, which leave slots empty, do not decide.
  const count = kind.isWaiting ? Math.max(requests / 2, slots * services.length * 10) : requests;
  try {
    const threads = await createThreads(agent, urlOf(0), kind.isOnThreads ? clients : 0);
    const wait = (client: number): Promise<void> => {
      const thread = kind.isOnThreads ? `/threads/${threads[client]}` : "";
      return waitForRun({ agent, url: `${urlOf(client)}${thread}/runs/wait`, body });
    };
    await runLoad(clients * 2, clients, wait);
    return await runLoad(Math.round(count), clients, wait);
  } finally {
    agent.destroy();
  }
}

function describe(rates: ReadonlyMap<LoadKind, ReadonlyMap<number, readonly Load[]>>, sizes: ReplicaSizes): BenchTable {
  const rows = [...rates].flatMap(([{ name, isWaiting }, loads]) =>
    sizes.replicas.map((count) => {
      const rateOf = (replicas: number): number =>
        median((loads.get(replicas) ?? []).map(({ perSecond }) => perSecond));
      const timesMs = (loads.get(count) ?? []).flatMap((load) => load.timesMs);
      const [first = 1] = sizes.replicas;
      const ideal = isWaiting ? (count * sizes.slots * 1_000) / (2 * sizes.call) : Number.NaN;
      return [
        name,
        `${count}`,
        rateOf(count),
        ideal,
        `${(rateOf(count) / rateOf(first)).toFixed(2)} x`,
        median(timesMs),
        percentile(timesMs, 0.99),
      ];
    }),
  );
  return {
    title: "replicas on one Postgres (budget: two >= 1.6 x one)",
    size: describeSizes(sizes),
    columns: ["POST runs/wait, two nodes", "processes", "runs/s", "slots allow", "of one", "p50, ms", "p99, ms"],
    rows,
    notes: [
      "clients, Postgres and all processes share this machine, so nodes that only compute can gain no more than its cores have left",
      `nodes that call a model wait ${sizes.call} ms each and a process executes ${sizes.slots} runs at a time: there the slots are what is short, as with real models`,
      "every process has a home of its own; the clients are spread evenly and keep to their process",
    ],
  };
}
