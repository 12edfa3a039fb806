import type { Clock } from "../../lib/clock.ts";

export const MINUTE_MS = 60_000;

export interface ManualClock extends Clock {
  /** Moves the time, wakes every sleeper that is due, and lets what they wait in go on. */
  advance(ms: number): Promise<void>;
  /** Moves the time and wakes every sleeper that is due; what they wait in goes on when the caller waits. */
  jump(ms: number): void;
  /** Sleeps under way. */
  sleeperCount(): number;
  /** Every `sleep` asked for, in order, in milliseconds. */
  readonly sleeps: readonly number[];
}

export interface ManualClockOptions {
  /** Sleeps up to this long, such as pauses between tries, are over at once, and their time has passed. */
  readonly autoAdvanceUpToMs?: number;
}

/** Time that stands still until the test moves it. */
export function createManualClock(
  startMs = Date.UTC(2026, 0, 15, 12),
  { autoAdvanceUpToMs = 0 }: ManualClockOptions = {},
): ManualClock {
  let nowMs = startMs;
  const sleeps: number[] = [];
  const sleepers = new Set<{ dueMs: number; wake: () => void }>();
  const jump = (ms: number): void => {
    nowMs += ms;
    for (const sleeper of [...sleepers].filter(({ dueMs }) => dueMs <= nowMs)) sleeper.wake();
  };
  return {
    sleeps,
    now: () => nowMs,
    sleep(ms, signal) {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      sleeps.push(ms);
      // Due already: nobody may move the time again.
      if (ms <= autoAdvanceUpToMs) {
        nowMs += Math.max(0, ms);
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const sleeper = {
          dueMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
    jump,
    async advance(ms) {
      jump(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    sleeperCount: () => sleepers.size,
  };
}
