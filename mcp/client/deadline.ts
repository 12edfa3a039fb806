import type { Clock } from "../../lib/clock.ts";

export interface DeadlineOptions {
  readonly clock: Clock;
  /** Longest silence: the time starts again with every `renew`. */
  readonly timeoutMs: number;
  /** The caller's own signal; its abort is passed on. */
  readonly signal?: AbortSignal;
}

export interface Deadline {
  /** Aborts when the caller's signal does or the time is up. */
  readonly signal: AbortSignal;
  renew(): void;
  hasPassed(): boolean;
}

/** Runs `work` under a silence limit and always stops the timer. The result or failure is that of `work`. */
export async function withDeadline<Result>(
  { clock, timeoutMs, signal }: DeadlineOptions,
  work: (deadline: Deadline) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const passed = new AbortController();
  let lastMs = clock.now();
  const watch = async (): Promise<void> => {
    for (;;) {
      const leftMs = lastMs + timeoutMs - clock.now();
      if (leftMs <= 0) {
        passed.abort(new Error(`no answer within ${timeoutMs} ms`));
        return;
      }
      await clock.sleep(leftMs, stop.signal);
    }
  };
  // The only way `watch` rejects is `stop`, which ends it.
  watch().catch(() => undefined);
  try {
    return await work({
      signal: signal === undefined ? passed.signal : AbortSignal.any([signal, passed.signal]),
      renew: () => {
        lastMs = clock.now();
      },
      hasPassed: () => passed.signal.aborted,
    });
  } finally {
    stop.abort();
  }
}
