import type { Clock } from "../../../../lib/clock.ts";

/** A clock that stands still until it is moved. Sleepers wake when their time has come. */
export interface VirtualClock extends Clock {
  advance(ms: number): void;
  /** Sleeps under way. */
  readonly sleeping: number;
}

export function createVirtualClock(startMs = Date.UTC(2026, 0, 15, 12)): VirtualClock {
  let nowMs = startMs;
  const sleepers = new Set<{ atMs: number; wake: () => void }>();
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const sleeper = {
          atMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener(
          "abort",
          () => {
            sleepers.delete(sleeper);
            reject(signal.reason as Error);
          },
          { once: true },
        );
      }),
    advance(ms) {
      nowMs += ms;
      for (const sleeper of sleepers) if (sleeper.atMs <= nowMs) sleeper.wake();
    },
    get sleeping() {
      return sleepers.size;
    },
  };
}

export const MINUTE_MS = 60_000;
