import { Agent } from "node:http";

import { median } from "./row.ts";
import { openReaders, startWaitingRuns } from "./support/idle-readers.ts";
import { startDevServer } from "./support/dev-server.ts";
import { percentile, runLoad, timeToEvent, waitForRun } from "./support/load.ts";
import { settledMemory } from "./support/memory.ts";
import { BENCH_PROJECT, type Service, startNemops } from "./support/nemops.ts";
import { type SizeChoice, describeSizes } from "./support/sizes.ts";
import type { BenchTable } from "./support/table.ts";
import { CUSTOM_TOKENS, MODEL_TOKENS, loadTokens } from "./support/token-load.ts";

type CompareSizes = {
  rounds: number;
  /** Requests of one client. */
  single: number;
  /** Requests of all clients together. */
  parallel: number;
  clients: number;
  streams: number;
  tokens: number;
  readers: number;
};

export const COMPARE_SIZES: SizeChoice<CompareSizes> = {
  full: { rounds: 2, single: 10, parallel: 200, clients: 32, streams: 64, tokens: 2_000, readers: 1_000 },
  quick: { rounds: 1, single: 5, parallel: 40, streams: 8, tokens: 200, readers: 100 },
};

/** The runs that idle readers look at; fewer than either server has slots. */
const WAITING_RUNS = 10;
const SLOTS = 64;
const body = JSON.stringify({ assistant_id: "two_nodes", input: { log: ["start"] } });

/** What each round measures, with the way its figures read. */
const FIGURES = {
  startMs: { what: "start of the process to /ok, ms", isBestLow: true },
  idleServerMib: { what: "idle RSS, serving process, MiB", isBestLow: true },
  idleTreeMib: { what: "idle RSS, with its helpers, MiB", isBestLow: true },
  readersMib: { what: "RSS with idle readers, serving process, MiB", isBestLow: true },
  readersMoreMib: { what: "of that, what the readers added, MiB", isBestLow: true },
  singleMs: { what: "POST /runs/wait, 1 client, p50, ms", isBestLow: true },
  singleRate: { what: "POST /runs/wait, 1 client, runs/s", isBestLow: false },
  parallelRate: { what: "POST /runs/wait, all clients, runs/s", isBestLow: false },
  parallelMs: { what: "POST /runs/wait, all clients, p99, ms", isBestLow: true },
  firstMs: { what: "POST /runs/stream, first values event, p50, ms", isBestLow: true },
  customRate: { what: "custom events of many streams, events/s", isBestLow: false },
  modelRate: { what: "tokens of a chat model, many streams, events/s", isBestLow: false },
} as const;
type Figures = Record<keyof typeof FIGURES, number>;

/** The same project under this service and under the official JS development server, in turns. */
export async function benchCompare(sizes: CompareSizes): Promise<BenchTable[]> {
  const cli = process.env["TEST_LANGGRAPH_CLI"];
  if (cli === undefined) {
    process.stderr.write("compare: skipped, TEST_LANGGRAPH_CLI names no cli.mjs of @langchain/langgraph-cli\n");
    return [];
  }
  const servers = [
    () => startNemops({ project: BENCH_PROJECT, env: { MAX_CONCURRENT_RUNS: String(SLOTS) } }),
    () => startDevServer({ cli, slots: SLOTS }),
  ] as const;
  const measured: [Figures[], Figures[]] = [[], []];
  for (let round = 0; round < sizes.rounds; round += 1) {
    // Who comes first alternates: what slows the machine down for a while then meets both.
    for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      measured[side].push(await measure(servers[side], sizes));
    }
  }
  const names = Object.keys(FIGURES) as (keyof Figures)[];
  return [
    {
      title: "NemOps beside the official JS development server (langgraphjs dev)",
      size: describeSizes(sizes),
      columns: ["", "NemOps", "dev server", "better by"],
      rows: names.map((name) => {
        const [ours, theirs] = measured.map((rounds) => median(rounds.map((figures) => figures[name])));
        const factor = FIGURES[name].isBestLow ? (theirs ?? 0) / (ours ?? 0) : (ours ?? 0) / (theirs ?? 0);
        return [FIGURES[name].what, ours ?? Number.NaN, theirs ?? Number.NaN, `${factor.toFixed(1)} x`];
      }),
      notes: [
        "each round starts both servers afresh, one after the other and alone; figures are medians over the rounds",
        `alike: Node, graphs, bodies, ${SLOTS} runs at the same time (each has fewer by default), loopback, no files watched`,
        "different: the dev server keeps everything in memory and writes a file now and then; NemOps commits every run and checkpoint to SQLite",
        "NemOps also carries its own agents, tools and documentation pages, which count in its start and its memory",
      ],
    },
  ];
}

async function measure(start: () => Promise<Service>, sizes: CompareSizes): Promise<Figures> {
  const idle = await withService(start, (service) => measureMemory(service, sizes));
  return { ...idle, ...(await withService(start, (service) => measureSpeed(service.url, sizes))) };
}

async function withService<Result>(
  start: () => Promise<Service>,
  work: (service: Service) => Promise<Result>,
): Promise<Result> {
  const service = await start();
  try {
    return await work(service);
  } finally {
    await service.stop();
  }
}

async function measureMemory({ url, pid, startMs }: Service, { readers }: CompareSizes) {
  const ok = await fetch(`${url}/ok`);
  if (!ok.ok) throw new Error(`/ok answered ${ok.status}`);
  const idle = await settledMemory(pid);
  const runs = await startWaitingRuns(url, WAITING_RUNS);
  const before = await settledMemory(pid);
  const open = await openReaders(url, { kind: "run stream", count: readers, runs });
  const during = await settledMemory(pid);
  open.close();
  return {
    startMs,
    idleServerMib: idle.serverMib,
    idleTreeMib: idle.treeMib,
    readersMib: during.serverMib,
    readersMoreMib: during.serverMib - before.serverMib,
  };
}

async function measureSpeed(url: string, { single, parallel, clients, streams, tokens }: CompareSizes) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const wait = (): Promise<void> => waitForRun({ agent, url: `${url}/runs/wait`, body });
  try {
    await runLoad(clients * 2, clients, wait);
    const one = await runLoad(single, 1, wait);
    const many = await runLoad(parallel, clients, wait);
    const firstMs: number[] = [];
    for (let index = 0; index < single; index += 1) {
      firstMs.push(await timeToEvent({ agent, url: `${url}/runs/stream`, body }, "values"));
    }
    const customLoad = await loadTokens(url, { streams, tokens, kind: CUSTOM_TOKENS });
    const modelLoad = await loadTokens(url, { streams, tokens, kind: MODEL_TOKENS });
    return {
      singleMs: median(one.timesMs),
      singleRate: one.perSecond,
      parallelRate: many.perSecond,
      parallelMs: percentile(many.timesMs, 0.99),
      firstMs: median(firstMs),
      customRate: customLoad.perSecond,
      modelRate: modelLoad.perSecond,
    };
  } finally {
    agent.destroy();
  }
}
