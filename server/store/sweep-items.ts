import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { ItemStore } from "./items.ts";

export interface ItemSweeperOptions {
  readonly items: ItemStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 5 * 60_000;

/** Removes documents whose time is over now and then. They are not answered in between, so this only gives space back. */
export function startItemSweeper({ items, clock, log, intervalMs = INTERVAL_MS }: ItemSweeperOptions): {
  stop(): void;
} {
  const ending = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(intervalMs, ending.signal);
      try {
        const removed = await items.sweep(clock.now());
        if (removed > 0) log.debug({ removed }, "expired documents removed");
      } catch (error) {
        // A store that fails now may work at the next turn.
        log.warn({ err: error }, "expired documents not removed");
      }
    }
  };
  loop().catch(() => undefined); // Ended by `stop`.
  return { stop: () => ending.abort(new Error("the service stops")) };
}
