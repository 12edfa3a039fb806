import type { Clock } from "../../../lib/clock.ts";
import { errorMessage } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import type { AlertDispatcher } from "./alert.ts";
import type { StoredAlertBook } from "./alert-book.ts";
import type { Channel } from "./channels/channel.ts";
import type { ClaimedNotification, DeliveryOutcome } from "./outbox.ts";

export interface DispatcherOptions {
  readonly book: StoredAlertBook;
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  readonly log: Log;
  /** How long `deliverNow` may keep its caller waiting. */
  readonly deliverNowMs?: number;
}

export interface DeliveryCount {
  readonly sent: number;
  readonly notSent: number;
}

export interface Dispatcher extends AlertDispatcher {
  /** Tries what is due, at most `limit` notifications, once each. */
  deliverDue(limit: number, signal: AbortSignal): Promise<DeliveryCount>;
  nextDueAtMs(): number | undefined;
}

const DEFAULT_DELIVER_NOW_MS = 3_000;
/** Sent at the same time; a hanging receiver holds up no more than its share. */
const CONCURRENCY = 8;
/** An alert has at most one queued notification a channel and step; this is above any policy's sum. */
const MAX_PER_ALERT = 64;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { book, clock, log } = options;
  const channels = new Map(options.channels.map((channel) => [channel.name, channel]));
  const names = [...channels.keys()];

  async function deliver(claimed: ClaimedNotification, signal: AbortSignal): Promise<boolean> {
    const { notification } = claimed;
    const outcome = await send(claimed, signal);
    book.outbox.record(notification.id, outcome, clock.now());
    if (outcome.status !== "accepted") {
      const fields = {
        notification_id: notification.id,
        alert_id: notification.alert_id,
        channel: notification.channel,
      };
      log.warn({ ...fields, attempt: notification.attempts, error: outcome.error }, "alert notification not accepted");
    }
    return outcome.status === "accepted";
  }

  async function send({ notification, idempotencyKey }: ClaimedNotification, signal: AbortSignal) {
    const channel = channels.get(notification.channel);
    if (channel === undefined)
      throw new Error(`claimed a notification for the unknown channel ${notification.channel}`);
    try {
      const alert = book.get(notification.alert_id);
      return await channel.send({ alert, notification, idempotencyKey }, signal);
    } catch (error) {
      return { status: "retry", error: errorMessage(error) } satisfies DeliveryOutcome;
    }
  }

  async function deliverAll(claimed: readonly ClaimedNotification[], signal: AbortSignal): Promise<DeliveryCount> {
    let sent = 0;
    const waiting = [...claimed];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (await deliver(next, signal)) sent += 1;
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, claimed.length) }, worker));
    return { sent, notSent: claimed.length - sent };
  }

  return {
    channels: options.channels.map(({ name, reachesPeople }) => ({ name, reachesPeople })),
    async deliverNow(alertId, signal) {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(options.deliverNowMs ?? DEFAULT_DELIVER_NOW_MS)]);
      const claimed = book.outbox.claim({ channels: names, nowMs: clock.now(), limit: MAX_PER_ALERT, alertId });
      await deliverAll(claimed, bounded);
      return book.notifications(alertId);
    },
    deliverDue(limit, signal) {
      return deliverAll(book.outbox.claim({ channels: names, nowMs: clock.now(), limit }), signal);
    },
    nextDueAtMs: () => book.outbox.nextDueAtMs(names),
  };
}
