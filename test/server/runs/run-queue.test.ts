import { describe, expect, it } from "vitest";

import { createRunQueue } from "../../../server/runs/run-queue.ts";

function job(): { run: () => Promise<void>; end: () => void; hasStarted: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let hasStarted = false;
  return {
    run: () => {
      hasStarted = true;
      return promise;
    },
    end: resolve,
    hasStarted: () => hasStarted,
  };
}

const nextTurn = (callback: () => void): void => callback();
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the run queue", () => {
  it("runs at most `limit` jobs and starts the next when one ends", async () => {
    const queue = createRunQueue({ limit: 2, nextTurn });
    const jobs = [job(), job(), job()];
    for (const [index, { run }] of jobs.entries()) queue.add(`thread ${index}`, run);
    expect(jobs.map(({ hasStarted }) => hasStarted())).toEqual([true, true, false]);
    expect([queue.depth, queue.runningCount]).toEqual([1, 2]);
    jobs[0]?.end();
    await settle();
    expect(jobs[2]?.hasStarted()).toBe(true);
    expect([queue.depth, queue.runningCount]).toEqual([0, 2]);
  });

  it("keeps the order of a thread while other threads overtake it", async () => {
    const queue = createRunQueue({ limit: 4, nextTurn });
    const [first, second, other] = [job(), job(), job()];
    queue.add("a", first.run);
    queue.add("a", second.run);
    queue.add("b", other.run);
    expect([second.hasStarted(), other.hasStarted()]).toEqual([false, true]);
    expect([queue.depth, queue.runningCount]).toEqual([1, 2]);
    first.end();
    await settle();
    expect(second.hasStarted()).toBe(true);
  });

  it("takes out a job that waits, and not one that runs", async () => {
    const queue = createRunQueue({ limit: 1, nextTurn });
    const [first, second, third] = [job(), job(), job()];
    const running = queue.add("a", first.run);
    const waiting = queue.add("a", second.run);
    queue.add("a", third.run);
    expect(running.remove()).toBe(false);
    expect(waiting.remove()).toBe(true);
    expect(waiting.remove()).toBe(false);
    first.end();
    await settle();
    expect([second.hasStarted(), third.hasStarted()]).toEqual([false, true]);
  });

  it("starts two jobs in a turn of the event loop, so that others get their turn as well", async () => {
    const queue = createRunQueue({ limit: 4 });
    const jobs = [job(), job(), job(), job()];
    const started = (): number => jobs.filter(({ hasStarted }) => hasStarted()).length;
    const removed = jobs.map(({ run }, index) => queue.add(`thread ${index}`, run))[1]?.remove();
    expect([started(), removed, queue.depth]).toEqual([0, true, 3]);
    await settle();
    expect(started()).toBe(2);
    await settle();
    expect([started(), queue.depth, queue.runningCount]).toEqual([3, 0, 3]);
  });
});
