import type { Log } from "../../lib/log.ts";
import { type ThreadParts, deleteThread } from "./delete-thread.ts";
import { finishDeletions } from "./finish-deletions.ts";

export interface ThreadExpiryOptions extends ThreadParts {
  readonly log: Log;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 60_000;
const THREADS_PER_TURN = 100;

/**
 * Ends threads whose time to live is over: as long after their last change as they say, and never while a run works on
 * them. `delete` removes the thread, `keep_latest` its history. Deletions that were begun and not ended are ended, too.
 */
export function startThreadExpiry(options: ThreadExpiryOptions): { stop(): void } {
  const { clock, log, intervalMs = INTERVAL_MS } = options;
  const ending = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(intervalMs, ending.signal);
      try {
        await expireThreads(options);
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

async function expireThreads({ store, checkpointer, runs, clock, log }: ThreadExpiryOptions): Promise<void> {
  for (const { threadId, ttl } of await store.threads.expired(clock.now(), THREADS_PER_TURN)) {
    if (ttl?.strategy === "keep_latest") {
      await checkpointer.keepLatest(threadId);
      await store.threads.markPruned(threadId, clock.now());
    } else await deleteThread({ store, checkpointer, runs, clock }, threadId);
    log.debug({ thread_id: threadId }, "thread expired");
  }
}
