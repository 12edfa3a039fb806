import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { ThreadEventStore } from "../store/thread-events.ts";
import { KEEP_MS } from "./thread-hub.ts";

export interface ThreadEventSweeperOptions {
  readonly events: ThreadEventStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs?: number;
}

/** The first turn comes only after this time, so that whoever reconnects after a restart finds what was there before. */
const INTERVAL_MS = 60_000;
/** Threads that one statement frees: their events may be megabytes each. */
const THREADS_PER_STATEMENT = 20;

/** Frees the stored events of threads that nothing has happened on for as long as memory keeps them, now and then. */
export function startThreadEventSweeper(options: ThreadEventSweeperOptions): { stop(): void } {
  const { events, clock, log, intervalMs = INTERVAL_MS } = options;
  const ending = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(intervalMs, ending.signal);
      try {
        while (!ending.signal.aborted) {
          const count = await events.sweep(clock.now() - KEEP_MS, THREADS_PER_STATEMENT);
          if (count < THREADS_PER_STATEMENT) break;
          // Requests come first.
          await clock.sleep(0, ending.signal);
        }
      } catch (error) {
        // A store that fails now may work at the next turn.
        log.warn({ err: error }, "events of idle threads not freed");
      }
    }
  };
  loop().catch(() => undefined); // Ended by `stop`.
  return { stop: () => ending.abort(new Error("the service stops")) };
}
