import type { Clock } from "../../../../lib/clock.ts";

export interface VirtualClock extends Clock {
  /** Lets time pass, timer by timer, until the promise settles. Throws when nothing is left that could settle it. */
  drive<Value>(promise: Promise<Value>): Promise<Value>;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/** A clock without waiting: time jumps to the next timer once nothing else can happen. */
export function createVirtualClock(): VirtualClock {
  let nowMs = 0;
  let order = 0;
  let timers: Timer[] = [];

  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const timer = { at: nowMs + ms, order: (order += 1), fire: resolve };
        timers.push(timer);
        signal?.addEventListener("abort", () => {
          timers = timers.filter((other) => other !== timer);
          reject(signal.reason as Error);
        });
      }),
    async drive(promise) {
      let isSettled = false;
      const done = promise.finally(() => void (isSettled = true));
      done.catch(() => undefined);
      for (;;) {
        await new Promise((resolve) => void setImmediate(resolve));
        if (isSettled) return await done;
        if (timers.length === 0) throw new Error("nothing can happen any more and the promise is open");
        const next = Math.min(...timers.map(({ at }) => at));
        const due = timers.filter(({ at }) => at <= next).toSorted((left, right) => left.order - right.order);
        timers = timers.filter(({ at }) => at > next);
        nowMs = next;
        for (const { fire } of due) fire();
      }
    },
  };
}
