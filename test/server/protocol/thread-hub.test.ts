import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createLog } from "../../../lib/log.ts";
import { type ThreadHub, type ThreadHubOptions, createThreadHub } from "../../../server/protocol/thread-hub.ts";
import { createThreadLog } from "../../../server/protocol/thread-log.ts";
import { type Store, createStore } from "../../../server/store/store.ts";

const ALL = { channels: ["custom"] };
const clock = { now: () => 1_000, sleep: async () => undefined };
const custom = (payload: unknown) => ({
  method: "custom",
  params: { namespace: [], timestamp: 0, data: { payload } },
});

describe("the log of a thread", () => {
  const event = (seq: number, json = "{}") => ({
    seq,
    eventId: String(seq),
    method: "custom",
    channel: "custom",
    namespace: [],
    json,
  });

  it("drops its oldest events, and lets a reader that fell behind go on with what is left", () => {
    const log = createThreadLog(() => undefined);
    for (let seq = 1; seq <= 60_000; seq += 1) log.append(event(seq));
    const { events, position } = log.read(0, [ALL], Infinity);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 50_000 }, (_, index) => 10_001 + index));
    expect(position).toBe(log.end);
    expect(log.after(59_998)).toBe(59_998);
    expect(log.has("10000")).toBe(false);
    expect(log.has("10001")).toBe(true);
  });

  it("keeps one event of any size, and accounts for every character", () => {
    let total = 0;
    const log = createThreadLog((change) => {
      total += change;
    });
    const large = "x".repeat(10 * 1024 * 1024);
    log.append(event(1, large));
    log.append(event(2, large));
    expect(log.read(0, [ALL], Infinity).events.map(({ seq }) => seq)).toEqual([2]);
    expect(total).toBe(large.length);
    log.append(event(3, large + large));
    expect(log.read(0, [ALL], Infinity).events.map(({ seq }) => seq)).toEqual([3]);
    log.clear();
    expect(total).toBe(0);
    expect(log.size).toBe(0);
  });

  it("wakes those who wait, and lets go of those who leave", async () => {
    const log = createThreadLog(() => undefined);
    const leave = new AbortController();
    const left = log.wait(0, 60_000, leave.signal);
    leave.abort();
    expect(await left).toBe(false);
    const woken = log.wait(0, 60_000, new AbortController().signal);
    log.append(event(1));
    expect(await woken).toBe(true);
  });
});

describe("the hub", () => {
  let store: Store;
  beforeEach(async () => {
    store = await createStore({ path: ":memory:" });
    vi.useFakeTimers();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await store.close();
  });
  const open = (options: Partial<ThreadHubOptions> = {}): ThreadHub =>
    createThreadHub({ clock, log: createLog({ level: "silent" }), store, ...options });

  it("keeps a thread while somebody uses it and two minutes after", async () => {
    const hub = open();
    const first = hub.acquire("a");
    const second = hub.acquire("a");
    first.thread.emit(custom(1));
    await first.thread.flush();
    first.release();
    first.release();
    vi.advanceTimersByTime(600_000);
    expect(hub.find("a")).toBe(second.thread);
    second.release();
    vi.advanceTimersByTime(119_000);
    expect(hub.find("a")?.log.end).toBe(1);
    vi.advanceTimersByTime(2_000);
    expect(hub.find("a")).toBeUndefined();
  });

  it("numbers events upwards after a restart, also when the clock has been set back and nothing is stored any more", async () => {
    let nowMs = 1_000_000;
    const ticking = { ...clock, now: () => nowMs };
    const seqsOf = async (count: number): Promise<readonly number[]> => {
      const { thread } = open({ clock: ticking }).acquire("a");
      for (let index = 0; index < count; index += 1) thread.emit(custom(index));
      await thread.flush();
      return thread.log.read(-Infinity, [ALL], Infinity).events.map(({ seq }) => seq);
    };
    const first = await seqsOf(1_500);
    nowMs -= 500;
    const second = await seqsOf(2);
    expect(second.slice(0, 1_500)).toEqual(first);
    expect(second.slice(1_500)).toEqual([(first.at(-1) ?? 0) + 1, (first.at(-1) ?? 0) + 2]);
    await store.threadEvents.deleteOfThread("a");
    nowMs += 502;
    expect((await seqsOf(1))[0]).toBeGreaterThan(second.at(-1) ?? Infinity);
  });

  it("takes the events of those used least lately when all threads together have too many", async () => {
    const hub = open({ maxTotalChars: 20_000 });
    const text = "x".repeat(1_500);
    const threads = Array.from({ length: 20 }, (_, index) => hub.acquire(`thread ${index}`));
    threads[0]?.release();
    for (const { thread } of threads) {
      thread.emit(custom(text));
      await thread.flush();
    }
    const sizes = threads.map(({ thread }) => thread.log.size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(20_000);
    expect(hub.find("thread 0")).toBeUndefined();
    expect(sizes.at(-1)).toBeGreaterThan(text.length);
    // Whoever still reads goes on with what comes.
    expect(threads[1]?.thread.log.size).toBe(0);
    threads[1]?.thread.emit(custom("more"));
    await threads[1]?.thread.flush();
    expect(threads[1]?.thread.log.read(0, [ALL], Infinity).events).toHaveLength(1);
  });
});
