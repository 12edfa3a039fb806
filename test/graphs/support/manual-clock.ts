import type { Clock } from "../../../lib/clock.ts";

export interface ManualClock extends Clock {
  /** Moves the time on and wakes whoever is due. */
  advance(ms: number): void;
  /** Every `sleep` asked for, in order, in milliseconds. */
  readonly sleeps: readonly number[];
}

/** Time that moves only when told. `autoAdvanceUpToMs` lets short sleeps, such as pauses between tries, pass at once. */
export function createManualClock({ startMs = 1_700_000_000_000, autoAdvanceUpToMs = -1 } = {}): ManualClock {
  let nowMs = startMs;
  const sleeps: number[] = [];
  const sleepers = new Set<{ dueMs: number; wake: () => void }>();
  return {
    sleeps,
    now: () => nowMs,
    sleep(ms, signal) {
      sleeps.push(ms);
      if (ms <= autoAdvanceUpToMs) {
        nowMs += ms;
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
        if (signal?.aborted === true) return onAbort();
        sleepers.add(sleeper);
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
    advance(ms) {
      nowMs += ms;
      for (const sleeper of sleepers) if (sleeper.dueMs <= nowMs) sleeper.wake();
    },
  };
}
