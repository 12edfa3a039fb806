import type { Clock } from "../../../lib/clock.ts";

export interface ManualClock extends Clock {
  /** Moves the time and wakes every sleeper that is due, then lets their continuations run. */
  advance(ms: number): Promise<void>;
  sleeperCount(): number;
}

/** Time that stands still until the test moves it. */
export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs;
  const sleepers = new Set<{ dueMs: number; wake: () => void }>();
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        // Due already: nobody may move the time again.
        if (ms <= 0) {
          resolve();
          return;
        }
        const sleeper = { dueMs: nowMs + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener(
          "abort",
          () => {
            if (sleepers.delete(sleeper)) reject(signal.reason as Error);
          },
          { once: true },
        );
      }),
    advance: async (ms) => {
      nowMs += ms;
      for (const sleeper of [...sleepers].filter((candidate) => candidate.dueMs <= nowMs)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
    sleeperCount: () => sleepers.size,
  };
}
