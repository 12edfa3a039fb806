import type { Log } from "../../lib/log.ts";
import { type ThreadParts, deleteThread } from "./delete-thread.ts";
import { finishDeletions } from "./finish-deletions.ts";

export interface ThreadExpiryOptions extends ThreadParts {
  readonly log: Log;
  /** How often threads are looked for. */
  readonly intervalMs?: number;
  /** How many are ended at a time. */
  readonly limit?: number;
}

const INTERVAL_MS = 60_000;
const MAX_THREADS = 1_000;
const THREADS_PER_QUERY = 100;

/**
 * Ends threads whose time to live is over: as long after their last change as they say, and never while a run works on
 * them. `delete` removes the thread, `keep_latest` its history. Deletions that were begun and not ended are ended, too.
 */
export function startThreadExpiry(options: ThreadExpiryOptions): { stop(): void } {
  const { clock, log, intervalMs = INTERVAL_MS } = options;
  const ending = new AbortController();
  // Deletions that were begun do not wait for a long interval.
  const pauseMs = Math.min(intervalMs, INTERVAL_MS);
  const loop = async (): Promise<void> => {
    for (let sleptMs = pauseMs; ; sleptMs += pauseMs) {
      await clock.sleep(pauseMs, ending.signal);
      try {
        if (sleptMs >= intervalMs) {
          sleptMs = 0;
          await expireThreads(options, ending.signal);
        }
        await finishDeletions(options);
      } catch (error) {
        // A store that fails now may work at the next turn.
        log.warn({ err: error }, "expired threads not removed");
      }
    }
  };
  loop().catch(() => undefined); // Ended by `stop`.
  return { stop: () => ending.abort(new Error("the service stops")) };
}

async function expireThreads(options: ThreadExpiryOptions, signal: AbortSignal): Promise<void> {
  const { store, checkpointer, runs, clock, log, limit = MAX_THREADS } = options;
  for (let left = limit; left > 0;) {
    const found = await store.threads.expired(clock.now(), Math.min(left, THREADS_PER_QUERY));
    for (const { threadId, ttl } of found) {
      if (signal.aborted) return;
      if (ttl?.strategy === "keep_latest") {
        await checkpointer.keepLatest(threadId);
        await store.threads.markPruned(threadId, clock.now());
      } else await deleteThread({ store, checkpointer, runs, clock }, threadId);
      log.debug({ thread_id: threadId }, "thread expired");
    }
    left = found.length < THREADS_PER_QUERY ? 0 : left - found.length;
  }
}
