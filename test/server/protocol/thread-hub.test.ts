import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createThreadHub } from "../../../server/protocol/thread-hub.ts";
import { createThreadLog } from "../../../server/protocol/thread-log.ts";

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
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("keeps a thread while somebody uses it and two minutes after", () => {
    const hub = createThreadHub({ clock });
    const first = hub.acquire("a");
    const second = hub.acquire("a");
    first.thread.emit(custom(1));
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

  it("gives a thread that comes back, also after a restart, greater numbers than before", () => {
    let nowMs = 1_000;
    const ticking = { ...clock, now: () => nowMs };
    const { thread } = createThreadHub({ clock: ticking }).acquire("a");
    for (let index = 0; index < 500; index += 1) thread.emit(custom(index));
    nowMs += 1;
    const restarted = createThreadHub({ clock: ticking }).acquire("a").thread;
    expect(restarted.lastSeq).toBeGreaterThan(thread.lastSeq);
  });

  it("takes the events of those used least lately when all threads together have too many", () => {
    const hub = createThreadHub({ clock, maxTotalChars: 20_000 });
    const text = "x".repeat(1_500);
    const threads = Array.from({ length: 20 }, (_, index) => hub.acquire(`thread ${index}`));
    threads[0]?.release();
    for (const { thread } of threads) thread.emit(custom(text));
    const sizes = threads.map(({ thread }) => thread.log.size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(20_000);
    expect(hub.find("thread 0")).toBeUndefined();
    expect(sizes.at(-1)).toBeGreaterThan(text.length);
    // Whoever still reads goes on with what comes.
    expect(threads[1]?.thread.log.size).toBe(0);
    threads[1]?.thread.emit(custom("more"));
    expect(threads[1]?.thread.log.read(0, [ALL], Infinity).events).toHaveLength(1);
  });
});
