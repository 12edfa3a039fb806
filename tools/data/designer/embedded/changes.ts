import type { Clock } from "../../../../lib/clock.ts";

/** Tells those who wait that something about the jobs may be different now. */
export interface Changes {
  notify(): void;
  /**
   * Resolves at the next change that this process made, and after `ms` at the latest: what other processes did is only
   * seen by looking. Resolves as well, and at once, when the signal aborts.
   */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createChanges(clock: Clock): Changes {
  const waiting = new Set<() => void>();
  return {
    notify() {
      for (const wake of waiting) wake();
    },
    async wait(ms, signal) {
      if (signal.aborted) return;
      const sleep = new AbortController();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          sleep.abort();
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
        // The sleep is cut short by `wake`, which is no failure of anything.
        clock.sleep(ms, sleep.signal).then(wake, () => undefined);
      });
    },
  };
}
