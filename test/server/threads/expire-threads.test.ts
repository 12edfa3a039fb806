import { afterEach, describe, expect, it, vi } from "vitest";

import { createLog } from "../../../lib/log.ts";
import { NO_EXPIRY, readExpiry } from "../../../server/storage-blocks.ts";
import type { Store } from "../../../server/store/store.ts";
import { newThread } from "../../../server/store/threads.ts";
import { startThreadExpiry } from "../../../server/threads/expire-threads.ts";
import { MINUTE_MS, createManualClock } from "../../support/manual-clock.ts";
import { startTestApp } from "../../support/test-app.ts";
import { openTestStorage } from "../../support/test-storage.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe("the time to live of langgraph.json", () => {
  it("is that of threads that name none, however they are made", async () => {
    const expiry = { ...NO_EXPIRY, threadTtl: { minutes: 30, strategy: "keep_latest" as const } };
    const server = await startTestApp({ options: { expiry } });
    closers.push(() => server.close());
    const post = async (url: string, payload: object): Promise<{ thread_id: string }> =>
      (await server.app.inject({ method: "POST", url, payload })).json();
    const ttlOf = async (threadId: string): Promise<unknown> =>
      (await server.app.inject(`/threads/${threadId}?include=ttl`)).json<{ ttl: unknown }>().ttl;
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

  it("comes with how often threads and documents are looked for", async () => {
    const clock = createManualClock();
    const expiry = { ...NO_EXPIRY, threads: { intervalMs: 31_000 }, items: { intervalMs: 7 * MINUTE_MS } };
    const server = await startTestApp({ clock, options: { expiry } });
    closers.push(() => server.close());
    expect(clock.sleeps).toEqual(expect.arrayContaining([31_000, 7 * MINUTE_MS]));
  });

  it("is read from its two blocks", () => {
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
});

describe("threads whose time is over", () => {
  /** `count` threads that end after a minute. Each turn lets one pass, and resolves when what is to happen then has. */
  const start = async (
    count: number,
    options: { intervalMs?: number; limit?: number } = {},
  ): Promise<{ readonly store: Store; readonly turn: () => Promise<number> }> => {
    const storage = await openTestStorage(undefined);
    closers.push(() => storage.close());
    const { store, checkpointer } = storage;
    const clock = createManualClock();
    const ttl = { minutes: 1, strategy: "delete" } as const;
    for (let index = 0; index < count; index += 1) {
      await store.threads.insert({ ...newThread(crypto.randomUUID(), clock.now()), ttl });
    }
    const log = createLog({ level: "silent" });
    const runs = { stopThread: async () => {} };
    const expiry = startThreadExpiry({ store, checkpointer, runs, clock, log, ...options });
    closers.push(() => expiry.stop());
    return {
      store,
      turn: async () => {
        clock.jump(MINUTE_MS);
        await vi.waitFor(() => expect(clock.sleeperCount()).toBe(1), 10_000);
        return store.threads.count({});
      },
    };
  };

  it("are ended, and no others", async () => {
    const { store, turn } = await start(2);
    const kept = newThread(crypto.randomUUID(), 0);
    await store.threads.insert(kept);
    expect(await turn()).toBe(1);
    expect(await store.threads.get(kept.threadId)).toBeDefined();
  });

  it("are looked for as often, and ended as many at a time, as it is said", async () => {
    const { turn } = await start(5, { intervalMs: 3 * MINUTE_MS, limit: 2 });
    const left: number[] = [];
    for (let minute = 0; minute < 9; minute += 1) left.push(await turn());
    expect(left).toEqual([5, 5, 3, 3, 3, 1, 1, 1, 0]);
  });

  it("are ended together, also when they are more than one query gives", async () => {
    const { turn } = await start(120);
    expect(await turn()).toBe(0);
  }, 20_000);
});
