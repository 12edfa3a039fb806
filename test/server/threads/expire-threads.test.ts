import { afterEach, expect, it, vi } from "vitest";

import { type Expiry, NO_EXPIRY, readExpiry } from "../../../server/storage-blocks.ts";
import { MINUTE_MS, type ManualClock, createManualClock } from "../../support/manual-clock.ts";
import { type TestApp, startTestApp } from "../../support/test-app.ts";

let server: TestApp;
let clock: ManualClock;

afterEach(() => server.close());

const start = async (expiry: Partial<Expiry>): Promise<void> => {
  clock = createManualClock();
  server = await startTestApp({ clock, options: { expiry: { ...NO_EXPIRY, ...expiry } } });
};
const post = async (url: string, payload: object): Promise<{ thread_id: string }> =>
  (await server.app.inject({ method: "POST", url, payload })).json();
const ttlOf = async (threadId: string): Promise<unknown> =>
  (await server.app.inject(`/threads/${threadId}?include=ttl`)).json<{ ttl: unknown }>().ttl;
const count = async (): Promise<unknown> =>
  (await server.app.inject({ method: "POST", url: "/threads/count", payload: {} })).json();
/** Moves the time by a minute when all that works on its own sleeps. */
const passMinute = async (): Promise<void> => {
  await vi.waitFor(() => expect(clock.sleeperCount()).toBeGreaterThanOrEqual(SLEEPERS));
  await clock.advance(MINUTE_MS);
};
/** The sweepers of documents, threads and events, and the scheduler of crons. */
const SLEEPERS = 4;

it("gives the default time to live to threads that name none, however they are made", async () => {
  await start({ threadTtl: { minutes: 30, strategy: "keep_latest" } });
  const run = { assistant_id: "two_nodes", input: {} };
  const { thread_id: plain } = await post("/threads", {});
  const { thread_id: own } = await post("/threads", { ttl: 5 });
  const { thread_id: kept } = await post("/threads", { ttl: null });
  const id = crypto.randomUUID();
  await post(`/threads/${id}/runs/wait`, { ...run, if_not_exists: "create" });
  const { thread_id: stateless } = await post("/runs", { ...run, on_completion: "keep" });
  for (const threadId of [plain, id, stateless]) {
    expect(await ttlOf(threadId)).toEqual({ ttl: 30, strategy: "keep_latest" });
  }
  expect(await ttlOf(own)).toEqual({ ttl: 5, strategy: "delete" });
  expect(await ttlOf(kept)).toBeNull();
});

it("ends them when it is over, and no others", async () => {
  await start({ threadTtl: { minutes: 2, strategy: "delete" } });
  await post("/threads", {});
  const { thread_id: kept } = await post("/threads", { ttl: null });
  await passMinute();
  expect(await count()).toBe(2);
  await passMinute();
  await vi.waitFor(async () => expect(await count()).toBe(1));
  expect((await server.app.inject(`/threads/${kept}`)).statusCode).toBe(200);
});

it("looks for them as often, and ends as many at a time, as it is told", async () => {
  await start({ threadTtl: { minutes: 1, strategy: "delete" }, threads: { intervalMs: 3 * MINUTE_MS, limit: 2 } });
  for (let index = 0; index < 5; index += 1) await post("/threads", {});
  for (const left of [3, 1, 0]) {
    const before = await count();
    await passMinute();
    await passMinute();
    expect(await count()).toBe(before);
    await passMinute();
    await vi.waitFor(async () => expect(await count()).toBe(left));
  }
});

it("ends many at a time unless it is told otherwise", async () => {
  await start({ threadTtl: { minutes: 1, strategy: "delete" } });
  await Promise.all(Array.from({ length: 120 }, () => post("/threads", {})));
  await passMinute();
  await vi.waitFor(async () => expect(await count()).toBe(0));
});

it("looks for documents as often as it is told", async () => {
  await start({ items: { intervalMs: 7 * MINUTE_MS } });
  expect(clock.sleeps).toContain(7 * MINUTE_MS);
});

it("takes all of it from langgraph.json", () => {
  expect(
    readExpiry({
      checkpointer: { ttl: { default_ttl: 90, sweep_interval_minutes: 2, sweep_limit: 10 } },
      store: { ttl: { sweep_interval_minutes: 0.5 } },
    }),
  ).toEqual({
    threadTtl: { minutes: 90, strategy: "delete" },
    threads: { intervalMs: 120_000, limit: 10 },
    items: { intervalMs: 30_000 },
  });
  expect(readExpiry({ checkpointer: { ttl: { strategy: "keep_latest" } }, store: {} })).toEqual(NO_EXPIRY);
});
