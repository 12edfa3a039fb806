import { median } from "./row.ts";
import { READER_KINDS, type ReaderKind, openReaders, startWaitingRuns } from "./support/idle-readers.ts";
import { settledMemory } from "./support/memory.ts";
import { BENCH_PROJECT, startNemops } from "./support/nemops.ts";
import type { SizeChoice } from "./support/sizes.ts";
import type { BenchTable } from "./support/table.ts";

type ReaderSizes = { readers: number; rounds: number };

export const READER_SIZES: SizeChoice<ReaderSizes> = {
  full: { readers: 1_000, rounds: 2 },
  quick: { readers: 100, rounds: 1 },
};
const MAX_RUNS = 1_024;

/**
 * What readers that wait for the next event add to the memory of the server, a process of its own: every run executes and
 * waits, and each has one reader. What the runs themselves hold is there before.
 */
export async function benchIdleReaders({ readers, rounds }: ReaderSizes): Promise<BenchTable[]> {
  const rows: (string | number)[][] = [];
  for (const kind of READER_KINDS) {
    const figures: { before: number; with: number }[] = [];
    for (let round = 0; round < rounds; round += 1) figures.push(await measure(kind, readers));
    const growth = median(figures.map((figure) => figure.with - figure.before));
    rows.push([
      kind,
      median(figures.map(({ before }) => before)),
      median(figures.map((figure) => figure.with)),
      growth,
      (growth * 1024) / readers,
    ]);
  }
  return [
    {
      title: "idle SSE readers (budget: 1,000 of them <= 150 MiB more)",
      size: `${readers} readers of as many waiting runs, ${rounds} fresh server(s) each, SQLite`,
      columns: ["readers of a", "RSS before, MiB", "RSS with, MiB", "more, MiB", "a reader, KiB"],
      rows,
    },
  ];
}

async function measure(kind: ReaderKind, readers: number): Promise<{ before: number; with: number }> {
  const runCount = Math.min(readers, MAX_RUNS);
  const service = await startNemops({ project: BENCH_PROJECT, env: { MAX_CONCURRENT_RUNS: String(runCount) } });
  try {
    const runs = await startWaitingRuns(service.url, runCount);
    const { serverMib: before } = await settledMemory(service.pid);
    const open = await openReaders(service.url, { kind, count: readers, runs });
    const { serverMib } = await settledMemory(service.pid);
    open.close();
    return { before, with: serverMib };
  } finally {
    await service.stop();
  }
}
