import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createLog } from "../../../lib/log.ts";
import { createProtocolThread, type ProtocolThread } from "../../../server/protocol/protocol-thread.ts";
import { type Store, createStore } from "../../../server/store/store.ts";
import type { ThreadEventStore } from "../../../server/store/thread-events.ts";
import { createTestRun } from "../../support/test-run.ts";

const ALL = { channels: ["custom", "lifecycle"] };
const custom = (payload: unknown) => ({
  method: "custom",
  params: { namespace: [], timestamp: 0, data: { payload } },
});
const lifecycle = (event: string, namespace: string[] = []) => ({
  method: "lifecycle",
  params: { namespace, timestamp: 0, data: { event, graph_name: namespace.length === 0 ? "graph" : "node" } },
});

let store: Store;
beforeEach(async () => {
  store = await createStore({ path: ":memory:" });
});
afterEach(() => store.close());

const open = (events: ThreadEventStore = store.threadEvents, isShared = false): ProtocolThread =>
  createProtocolThread({
    threadId: "a",
    events,
    clock: { now: () => 1_000, sleep: async () => undefined },
    log: createLog({ level: "silent" }),
    isShared,
    onSize: () => undefined,
    onStored: () => undefined,
  });

const payloadsOf = ({ log }: ProtocolThread): unknown[] =>
  log.read(-Infinity, [ALL], Infinity).events.map(({ json }) => {
    const { params } = JSON.parse(json) as { params: { data: { payload?: unknown; event?: unknown } } };
    return params.data.payload ?? params.data.event;
  });
const eventsOf = ({ log }: ProtocolThread): readonly unknown[] => log.read(-Infinity, [ALL], Infinity).events;

describe("the events of a thread", () => {
  it("are shown when they are stored, those of one turn as one row", async () => {
    const rows: number[] = [];
    const thread = open({
      ...store.threadEvents,
      append: async (threadId, batch, nowMs) => {
        rows.push(batch.lastSeq);
        expect(thread.log.size).toBe(0);
        return store.threadEvents.append(threadId, batch, nowMs);
      },
    });
    for (let index = 0; index < 100; index += 1) thread.emit(custom(index));
    expect(thread.log.end).toBe(0);
    expect(await thread.log.wait(0, 5_000, new AbortController().signal)).toBe(true);
    expect(payloadsOf(thread)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(rows).toHaveLength(1);
  });

  it("are as they were when they were emitted", async () => {
    const thread = open();
    const state = { steps: ["first"], text: "line\nbreak\u2028\u0000" };
    thread.emit(custom(state));
    state.steps.push("second");
    await thread.flush();
    expect(payloadsOf(thread)).toEqual([{ steps: ["first"], text: "line\nbreak\u2028\u0000" }]);
  });

  it("are the same after a restart, with what is known of runs and namespaces", async () => {
    const before = open();
    before.emit(lifecycle("running"), { runId: "run 1" });
    before.emit(lifecycle("completed"), { runId: "run 1" });
    before.emit(lifecycle("running"), { runId: "run 2" });
    before.emit(custom("text\nof lines"));
    before.emit(lifecycle("started", ["node:1"]));
    await before.flush();
    const after = open();
    await after.sync();
    expect(eventsOf(after)).toEqual(eventsOf(before));
    expect(after.lastSeq).toBe(before.lastSeq);
    expect(after.latestRunId).toBe("run 2");
    expect(after.hasRun("run 1")).toBe(true);
    expect(after.hasEnded("run 1")).toBe(true);
    expect(after.hasEnded("run 2")).toBe(false);
    expect(after.namespaces).toEqual([
      { namespace: [], status: "running", graphName: "graph" },
      { namespace: ["node:1"], status: "started", graphName: "node" },
    ]);
  });

  it("keep one order and are numbered once when two processes write at the same time", async () => {
    const threads = [open(store.threadEvents, true), open(store.threadEvents, true)];
    for (let index = 0; index < 300; index += 1) {
      for (const [writer, thread] of threads.entries()) thread.emit(custom(`${writer}:${index}`));
      if (index % 10 === 0) await new Promise(setImmediate);
    }
    await Promise.all(threads.map((thread) => thread.flush()));
    await Promise.all(threads.map((thread) => thread.sync()));
    const [first = [], second] = threads.map(eventsOf);
    expect(first).toEqual(second);
    const payloads = threads.map(payloadsOf)[0] ?? [];
    for (const writer of [0, 1]) {
      const own = payloads.filter((payload) => String(payload).startsWith(`${writer}:`));
      expect(own).toEqual(Array.from({ length: 300 }, (_, index) => `${writer}:${index}`));
    }
    const seqs = first.map((event) => (event as { seq: number }).seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((left, right) => left - right));
  });

  it("leave out what another process has told", async () => {
    const threads = [open(store.threadEvents, true), open(store.threadEvents, true)];
    for (const thread of threads) {
      thread.emit(lifecycle("running"), { runId: "run 1", unless: () => thread.hasRun("run 1") });
      thread.emit(custom("more"));
    }
    await Promise.all(threads.map((thread) => thread.flush()));
    for (const thread of threads) {
      await thread.sync();
      expect(payloadsOf(thread)).toEqual(["running", "more", "more"]);
    }
  });

  it("are left out when their run is another process's, and only those", async () => {
    const run = createTestRun({ runId: "mine", threadId: "a", owner: "me" });
    await store.runs.insert(run);
    await store.runs.insert({ ...run, runId: "theirs", owner: "another" });
    const thread = open(store.threadEvents, true);
    const ownedBy = (runId: string) => ({ owned: () => ({ runId, owner: "me" }) });
    const [mine, theirs] = [ownedBy("mine"), ownedBy("theirs")];
    thread.emit(custom(1), mine);
    thread.emit(custom("late"), theirs);
    thread.emit(custom("later"), theirs);
    thread.emit(custom(2), mine);
    thread.emit(custom(3));
    await thread.flush();
    expect(payloadsOf(thread)).toEqual([1, 2, 3]);
    const later = open();
    await later.sync();
    expect(eventsOf(later)).toEqual(eventsOf(thread));
  });

  it("are followed also while they cannot be stored, and stored again when they can", async () => {
    let isFailing = false;
    const thread = open({
      ...store.threadEvents,
      append: (...batch) => {
        if (isFailing) throw new Error("disk full");
        return store.threadEvents.append(...batch);
      },
    });
    for (const fails of [false, true, true, false]) {
      isFailing = fails;
      thread.emit(custom(fails));
      await thread.flush();
    }
    expect(payloadsOf(thread)).toEqual([false, true, true, false]);
    const later = open();
    await later.sync();
    expect(payloadsOf(later)).toEqual([false, false]);
    expect(later.lastSeq).toBe(thread.lastSeq);
  });

  it("show once what was stored by a statement that failed after it", async () => {
    let isFailing = true;
    const thread = open({
      ...store.threadEvents,
      append: async (...batch) => {
        const isStored = await store.threadEvents.append(...batch);
        if (isFailing) throw new Error("connection lost");
        return isStored;
      },
    });
    thread.emit(custom(1));
    await thread.flush();
    isFailing = false;
    thread.emit(custom(2));
    await thread.flush();
    expect(payloadsOf(thread)).toEqual([1, 2]);
    const later = open();
    await later.sync();
    expect(eventsOf(later)).toEqual(eventsOf(thread));
  });

  it("go on when what was stored has been swept or deleted meanwhile", async () => {
    const thread = open(store.threadEvents, true);
    for (const payload of [1, 2]) {
      thread.emit(custom(payload));
      await thread.flush();
      await store.threadEvents.deleteOfThread("a");
    }
    thread.emit(custom(3));
    await thread.flush();
    expect(payloadsOf(thread)).toEqual([1, 2, 3]);
    const later = open();
    await later.sync();
    expect(payloadsOf(later)).toEqual([3]);
  });

  it("are kept in the database about as many as in memory", async () => {
    const thread = open();
    const text = "x".repeat(512 * 1024);
    for (let index = 0; index < 80; index += 1) {
      thread.emit(custom(text));
      await thread.flush();
    }
    const stored = await store.threadEvents.read("a", 0);
    const chars = stored.reduce((sum, { events }) => sum + events.length, 0);
    expect(chars).toBeGreaterThanOrEqual(thread.log.size);
    expect(chars).toBeLessThan(26 * 1024 * 1024);
  });
});
