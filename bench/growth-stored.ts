import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";

import { median } from "./row.ts";
import { createThreads, send, sendJson } from "./support/http.ts";
import { runLoad, timeToEvent, waitForRun } from "./support/load.ts";
import { residentMib } from "./support/memory.ts";
import { BENCH_PROJECT, startNemops } from "./support/nemops.ts";
import { type SizeChoice, describeSizes } from "./support/sizes.ts";
import { makeConversation, ownerOf, storeThreads } from "./support/stored-threads.ts";
import type { BenchTable } from "./support/table.ts";

type StoredSizes = { stored: readonly number[]; requests: number; parallel: number; clients: number };

export const STORED_SIZES: SizeChoice<StoredSizes> = {
  full: { stored: [1_000, 10_000, 100_000], requests: 100, parallel: 600, clients: 32 },
  quick: { stored: [100, 1_000], requests: 10, parallel: 64 },
};
const LIST_REQUESTS = 15;
const WARM_UP_REQUESTS = 300;
const body = JSON.stringify({ assistant_id: "two_nodes", input: { log: ["start"] } });

/** How runs and lists get slower with what is stored: conversations with two runs and their checkpoints each. */
export async function benchGrowthStored(sizes: StoredSizes): Promise<BenchTable[]> {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  const columns: (readonly [string, number][])[] = [];
  try {
    const templateId = await makeConversation(home);
    let stored = 1;
    for (const count of sizes.stored) {
      await storeThreads(home, templateId, stored, count);
      stored = count;
      columns.push([["database, MB", folderBytes(home) / 1e6], ...(await measure(home, count, sizes))]);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  const names = columns[0]?.map(([name]) => name) ?? [];
  return [
    {
      title: "growth with stored threads",
      size: `${describeSizes(sizes)}; each thread has 4 messages, 2 runs and their checkpoints, SQLite`,
      columns: [
        "p50 in ms unless it says so",
        ...sizes.stored.map((count) => `${count.toLocaleString("en-US")} threads`),
      ],
      rows: names.map((name, index) => [name, ...columns.map((column) => column[index]?.[1] ?? Number.NaN)]),
    },
  ];
}

async function measure(home: string, count: number, sizes: StoredSizes): Promise<[string, number][]> {
  const service = await startNemops({ project: BENCH_PROJECT, home });
  const { url } = service;
  const agent = new Agent({ keepAlive: true, maxSockets: sizes.clients });
  const p50 = async (requests: number, call: () => Promise<unknown>): Promise<number> =>
    median((await runLoad(requests, 1, call)).timesMs);
  const wait = (): Promise<void> => waitForRun({ agent, url: `${url}/runs/wait`, body });
  const search = (filter: object): Promise<number> =>
    p50(LIST_REQUESTS, () => send({ agent, url: `${url}/threads/search`, body: JSON.stringify(filter) }));
  try {
    await runLoad(WARM_UP_REQUESTS, 8, wait);
    const single = await p50(sizes.requests, wait);
    const parallel = await runLoad(sizes.parallel, sizes.clients, wait);
    const firsts: number[] = [];
    for (let index = 0; index < sizes.requests; index += 1) {
      firsts.push(await timeToEvent({ agent, url: `${url}/runs/stream`, body }, "values"));
    }
    const [threadId = ""] = await createThreads(agent, url, 1);
    const owner = ownerOf(Math.floor(count / 2));
    const found = await sendJson<{ thread_id: string }[]>({
      agent,
      url: `${url}/threads/search`,
      body: JSON.stringify({ metadata: { owner } }),
    });
    const stored = found[0]?.thread_id;
    if (stored === undefined) throw new Error(`no thread of ${owner} was found`);
    return [
      ["start of the process to listening", service.startMs],
      ["POST /runs/wait, 1 client", single],
      [`POST /runs/wait, ${sizes.clients} clients, runs/s`, parallel.perSecond],
      ["POST /runs/stream, first event", median(firsts)],
      [
        "POST /threads/{id}/runs/wait, a new thread",
        await p50(LIST_REQUESTS, () => waitForRun({ agent, url: `${url}/threads/${threadId}/runs/wait`, body })),
      ],
      ["GET /threads/{id}", await p50(LIST_REQUESTS, () => send({ agent, url: `${url}/threads/${stored}` }))],
      [
        "GET /threads/{id}/state",
        await p50(LIST_REQUESTS, () => send({ agent, url: `${url}/threads/${stored}/state` })),
      ],
      ["GET /threads/{id}/runs", await p50(LIST_REQUESTS, () => send({ agent, url: `${url}/threads/${stored}/runs` }))],
      ["POST /threads/search, the first 10", await search({})],
      ["  newest change first", await search({ sort_by: "updated_at", sort_order: "desc" })],
      ["  of one status", await search({ status: "interrupted" })],
      ["  of one owner (metadata)", await search({ metadata: { owner } })],
      ["  the last 10 (offset)", await search({ offset: count - 10 })],
      ["POST /threads/count", await p50(LIST_REQUESTS, () => send({ agent, url: `${url}/threads/count`, body: "{}" }))],
      ["RSS afterwards, MiB", residentMib(service.pid)],
    ];
  } finally {
    agent.destroy();
    await service.stop("SIGTERM");
  }
}

function folderBytes(folder: string): number {
  return readdirSync(folder)
    .filter((name) => /\.sqlite(-wal)?$/.test(name))
    .reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}
