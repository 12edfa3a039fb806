import type { Clock } from "../../../lib/clock.ts";
import { errorMessage } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import type { StoredAlertBook } from "./alert-book.ts";
import type { Dispatcher } from "./dispatcher.ts";

export interface EscalatorOptions {
  readonly book: StoredAlertBook;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Tick {
  readonly woken: number;
  readonly stepsRun: number;
  readonly sent: number;
  readonly notSent: number;
}

/** Runs escalations and empties the outbox. All its state is in the book, so several processes may run one each. */
export interface Escalator {
  /** What is due at this moment, within the bounds below. Throws `storage_failed`. */
  tick(signal: AbortSignal): Promise<Tick>;
  /** Ticks whenever something is due until the signal aborts; a failing store is logged and tried again. */
  run(signal: AbortSignal): Promise<void>;
}

const ALERTS_PER_TICK = 100;
/** Four rounds of the dispatcher: with a receiver that hangs for its ten seconds each time they end within a claim. */
const DELIVERIES_PER_TICK = 32;
/** Alerts raised by other processes are seen after this at the latest. */
const LONGEST_SLEEP_MS = 2_000;
const SHORTEST_SLEEP_MS = 50;
const PRUNE_EVERY_MS = 3_600_000;

export function createEscalator({ book, dispatcher, clock, log }: EscalatorOptions): Escalator {
  let prunedAtMs = Number.NEGATIVE_INFINITY;

  async function tick(signal: AbortSignal): Promise<Tick> {
    const advanced = book.advance(ALERTS_PER_TICK);
    const delivered = await dispatcher.deliverDue(DELIVERIES_PER_TICK, signal);
    if (clock.now() - prunedAtMs >= PRUNE_EVERY_MS) {
      prunedAtMs = clock.now();
      book.prune();
    }
    return { ...advanced, ...delivered };
  }

  function pauseMs(): number {
    const times = [book.nextDueAtMs(), dispatcher.nextDueAtMs()].filter((due) => due !== undefined);
    const untilNextMs = Math.min(...times, Number.POSITIVE_INFINITY) - clock.now();
    return Math.min(LONGEST_SLEEP_MS, Math.max(SHORTEST_SLEEP_MS, untilNextMs));
  }

  return {
    tick,
    async run(signal) {
      while (!signal.aborted) {
        let sleepMs = LONGEST_SLEEP_MS;
        try {
          await tick(signal);
          sleepMs = pauseMs();
        } catch (error) {
          log.error({ error: errorMessage(error) }, "alert escalation failed and is tried again");
        }
        // The only rejection of sleep is the abort, which ends the loop by its condition.
        await clock.sleep(sleepMs, signal).catch(() => undefined);
      }
    },
  };
}
