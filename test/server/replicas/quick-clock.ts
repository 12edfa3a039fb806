import { type Clock, systemClock } from "../../../lib/clock.ts";

export interface QuickClock extends Clock {
  /** Nobody who sleeps wakes any more, as if the process did not get to run. */
  stop(): void;
  go(): void;
}

/** Time that passes `speed` times as fast as ours: the pauses of the product are short, and as long as each other as ever. */
export function createQuickClock(speed = 20): QuickClock {
  const startMs = Date.now();
  let going = Promise.resolve();
  let go = (): void => undefined;
  return {
    now: () => startMs + (Date.now() - startMs) * speed,
    async sleep(ms, signal) {
      await systemClock.sleep(ms / speed, signal);
      await going;
      signal?.throwIfAborted();
    },
    stop() {
      const { promise, resolve } = Promise.withResolvers<void>();
      going = promise;
      go = resolve;
    },
    go: () => go(),
  };
}
