import { randomUUID } from "node:crypto";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createLog } from "../../../lib/log.ts";
import type { Storage } from "../../../server/store/open-storage.ts";
import { newThread } from "../../../server/store/threads.ts";
import { deleteThread } from "../../../server/threads/delete-thread.ts";
import { startThreadExpiry } from "../../../server/threads/expire-threads.ts";
import { MINUTE_MS, createManualClock } from "../../support/manual-clock.ts";
import { createTempFolder, startTestApp } from "../../support/test-app.ts";
import { copyTestStorage, openTestStorage } from "../../support/test-storage.ts";

const KILLED = { stopThread: () => Promise.reject(new Error("killed")) };
const closers: (() => Promise<void> | void)[] = [];
let home: string;
let threadId: string;

/** A thread with state, whose deletion ends with its process: the rows are gone, the checkpoints are not. */
beforeEach(async () => {
  const folder = createTempFolder();
  closers.push(() => folder.remove());
  home = folder.path;
  const server = await startTestApp({ home });
  const post = (url: string, payload: object) => server.app.inject({ method: "POST", url, payload });
  threadId = (await post("/threads", {})).json<{ thread_id: string }>().thread_id;
  const run = await post(`/threads/${threadId}/runs/wait`, { assistant_id: "two_nodes", input: {} });
  expect(run.json()).toEqual({ log: ["first", "second"] });
  await server.close();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function beginDeletion(): Promise<{ storage: Storage; clock: ReturnType<typeof createManualClock> }> {
  const storage = await openTestStorage(home);
  closers.push(() => storage.close());
  const clock = createManualClock();
  await expect(deleteThread({ ...storage, runs: KILLED, clock }, threadId)).rejects.toThrow("killed");
  expect(await storage.store.threads.get(threadId)).toBeUndefined();
  expect(await hasCheckpoints(storage)).toBe(true);
  return { storage, clock };
}

const hasCheckpoints = async ({ checkpointer }: Storage): Promise<boolean> =>
  (await checkpointer.saver.getTuple({ configurable: { thread_id: threadId } })) !== undefined;

/** The next process: its turns come with the time of the clock. */
function startNext(storage: Storage, clock: ReturnType<typeof createManualClock>): () => Promise<void> {
  const log = createLog({ level: "silent" });
  const expiry = startThreadExpiry({ ...storage, runs: { stopThread: async () => {} }, clock, log });
  closers.push(() => expiry.stop());
  return async () => {
    clock.jump(MINUTE_MS);
    await vi.waitFor(() => expect(clock.sleeperCount()).toBe(1));
  };
}

describe("a deletion whose process was killed after its commit", () => {
  it("is brought to its end by the next one, when nobody else can be at it any more", async () => {
    const { storage, clock } = await beginDeletion();
    const turn = startNext(storage, clock);
    await turn();
    expect(await hasCheckpoints(storage)).toBe(true);
    await turn();
    expect(await hasCheckpoints(storage)).toBe(false);
    expect(await storage.store.deletedThreads.list(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  it("takes nothing from a thread that has come back under its id", async () => {
    const { storage, clock } = await beginDeletion();
    await storage.store.threads.insert(newThread(threadId, clock.now()));
    const turn = startNext(storage, clock);
    await turn();
    await turn();
    expect(await hasCheckpoints(storage)).toBe(true);
    expect(await storage.store.deletedThreads.list(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  it("leaves no state to the thread that a caller makes under its id", async () => {
    const { storage } = await beginDeletion();
    const next = await startTestApp({ home });
    closers.push(() => next.close());
    const other = randomUUID();
    for (const id of [threadId, other]) {
      const made = await next.app.inject({ method: "POST", url: "/threads", payload: { thread_id: id } });
      expect(made.statusCode).toBe(200);
      expect((await next.app.inject(`/threads/${id}/state`)).json()).toMatchObject({ values: {}, next: [] });
    }
    expect(await hasCheckpoints(storage)).toBe(false);
  });

  it("leaves no state to a run that makes a thread under its id", async () => {
    await beginDeletion();
    const next = await startTestApp({ home });
    closers.push(() => next.close());
    const payload = { assistant_id: "two_nodes", input: { log: ["new"] }, if_not_exists: "create" };
    const answer = await next.app.inject({ method: "POST", url: `/threads/${threadId}/runs/wait`, payload });
    expect(answer.json()).toEqual({ log: ["new", "first", "second"] });
    expect(await next.store.deletedThreads.has(threadId)).toBe(false);
  });
});

it("frees the stored checkpoints of a stateless run whose process was killed before it did", async () => {
  const first = await startTestApp({ home });
  closers.push(() => first.close());
  const { saver } = first.checkpointer;
  const deleteNow = saver.deleteThread.bind(saver);
  const asked = Promise.withResolvers<string>();
  const going = Promise.withResolvers<void>();
  saver.deleteThread = async (id) => {
    asked.resolve(id);
    await going.promise;
    await deleteNow(id);
  };
  const payload = { assistant_id: "two_nodes", input: {}, durability: "sync" };
  const run = (await first.app.inject({ method: "POST", url: "/runs", payload })).json<{ run_id: string }>();
  threadId = await asked.promise;
  const after = createTempFolder();
  closers.push(() => after.remove());
  await copyTestStorage(home, after.path);
  going.resolve();

  const storage = await openTestStorage(after.path);
  closers.push(() => storage.close());
  expect(await hasCheckpoints(storage)).toBe(true);
  expect(await storage.store.runs.get(run.run_id)).toMatchObject({ status: "success" });
  const second = await startTestApp({ home: after.path });
  closers.push(() => second.close());
  await vi.waitFor(async () => expect(await storage.store.runs.get(run.run_id)).toBeUndefined());
  expect(await hasCheckpoints(storage)).toBe(false);
});

it("leaves nothing to do for a deletion that went well", async () => {
  const server = await startTestApp({ home });
  closers.push(() => server.close());
  const deleted = await server.app.inject({ method: "DELETE", url: `/threads/${threadId}` });
  expect(deleted.statusCode).toBe(204);
  expect(await server.store.deletedThreads.list(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  expect(await server.checkpointer.saver.getTuple({ configurable: { thread_id: threadId } })).toBeUndefined();
});
