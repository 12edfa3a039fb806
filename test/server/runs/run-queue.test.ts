import { describe, expect, it } from "vitest";

import { createRunQueue } from "../../../server/runs/run-queue.ts";
import { RUN_STATUSES, isFinished, nextStatus } from "../../../server/runs/run-status.ts";

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

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the run queue", () => {
  it("runs at most `limit` jobs and starts the next when one ends", async () => {
    const queue = createRunQueue({ limit: 2 });
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
    const queue = createRunQueue({ limit: 4 });
    const [first, second, other] = [job(), job(), job()];
    queue.add("a", first.run);
    queue.add("a", second.run);
    queue.add("b", other.run);
    expect([second.hasStarted(), other.hasStarted()]).toEqual([false, true]);
    expect(queue.countOfThread("a")).toBe(2);
    first.end();
    await settle();
    expect(second.hasStarted()).toBe(true);
  });

  it("takes out a job that waits, and not one that runs", async () => {
    const queue = createRunQueue({ limit: 1 });
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
});

describe("run statuses", () => {
  it("end where nothing can happen any more", () => {
    expect(RUN_STATUSES.filter(isFinished)).toEqual(["success", "error", "interrupted", "timeout"]);
    expect(nextStatus("pending", "start")).toBe("running");
    expect(nextStatus("running", "expire")).toBe("timeout");
    expect(() => nextStatus("success", "start")).toThrow("a run that is success cannot start");
  });
});
