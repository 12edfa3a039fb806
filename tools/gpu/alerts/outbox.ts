import { ServiceError } from "../../../lib/errors.ts";
import { newUuid } from "../../../lib/ids.ts";
import type { Random } from "../../../lib/random.ts";
import type { Notification } from "./alert.ts";
import type { AlertDatabase } from "./alert-database.ts";
import { type NotificationRow, toNotification } from "./alert-rows.ts";

/**
 * Notifications that have to reach a channel, at least once. A process claims one before sending it and records what came
 * of it; when it dies in between, the claim runs out and the same notification, with the same idempotency key, goes again.
 */
export interface Outbox {
  /** Inside a transaction of the caller. A step that is queued already stays as it is. */
  enqueue(notification: NewNotification, nowMs: number): void;
  /** Inside a transaction of the caller. */
  cancelQueued(alertId: string, reason: string, nowMs: number): void;
  /** Takes up to `limit` due ones for the given channels; each counts as an attempt. */
  claim(options: ClaimOptions): readonly ClaimedNotification[];
  /** Writes down what the channel said. A notification cancelled meanwhile becomes `sent` only if it was accepted. */
  record(id: string, outcome: DeliveryOutcome, nowMs: number): void;
  list(alertId: string): readonly Notification[];
  /** When the next queued notification for these channels is due. */
  nextDueAtMs(channels: readonly string[]): number | undefined;
}

export interface NewNotification {
  readonly alertId: string;
  readonly idempotencyKey: string;
  readonly channel: string;
  readonly recipient: string;
  readonly step: number;
}

export interface ClaimOptions {
  readonly channels: readonly string[];
  readonly nowMs: number;
  readonly limit: number;
  readonly alertId?: string;
}

export interface ClaimedNotification {
  readonly notification: Notification;
  readonly idempotencyKey: string;
}

export type DeliveryOutcome =
  | { readonly status: "accepted" }
  /** `retryAfterMs` is what the receiver asked for. */
  | { readonly status: "retry"; readonly error: string; readonly retryAfterMs?: number }
  | { readonly status: "refused"; readonly error: string };

/** Twelve attempts with these pauses span about half an hour, longer than a usual restart of a receiver. */
export const MAX_ATTEMPTS = 12;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 600_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;
/** Longer than any channel may take; after it another process may send the notification again. */
const LEASE_MS = 60_000;
const MAX_ERROR_CHARACTERS = 500;

/** Exponential pause before the next attempt, its second half random so that receivers are not hit in step. */
export function retryPauseMs(attempts: number, random: Random, retryAfterMs = 0): number {
  const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1));
  const jitteredMs = pauseMs / 2 + (pauseMs / 2) * random();
  return Math.round(Math.max(jitteredMs, Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS)));
}

export function createOutbox({ database, random }: { database: AlertDatabase; random: Random }): Outbox {
  const { sqlite } = database;
  const insert = sqlite.prepare(`
    INSERT INTO notifications
      (id, alert_id, idempotency_key, channel, recipient, step, status, attempts, due_at_ms, updated_at_ms)
    VALUES (@id, @alertId, @idempotencyKey, @channel, @recipient, @step, 'queued', 0, @nowMs, @nowMs)
    ON CONFLICT (idempotency_key) DO NOTHING`);
  const cancel = sqlite.prepare(`
    UPDATE notifications SET status = 'cancelled', error = @reason, updated_at_ms = @nowMs
    WHERE alert_id = @alertId AND status = 'queued'`);
  const selectOne = sqlite.prepare<[string], NotificationRow>("SELECT * FROM notifications WHERE id = ?");
  const selectAll = sqlite.prepare<[string], NotificationRow>(
    "SELECT * FROM notifications WHERE alert_id = ? ORDER BY rowid",
  );
  const isMine = "channel IN (SELECT value FROM json_each(@channels))";
  const selectDue = sqlite.prepare<unknown[], NotificationRow>(`
    SELECT * FROM notifications
    WHERE status = 'queued' AND due_at_ms <= @nowMs AND (leased_until_ms IS NULL OR leased_until_ms <= @nowMs)
      AND (@alertId IS NULL OR alert_id = @alertId) AND ${isMine}
    ORDER BY due_at_ms, rowid LIMIT @limit`);
  const selectNext = sqlite.prepare<unknown[], { due: number | null }>(`
    SELECT MIN(MAX(due_at_ms, COALESCE(leased_until_ms, 0))) AS due FROM notifications
    WHERE status = 'queued' AND ${isMine}`);
  const lease = sqlite.prepare(
    "UPDATE notifications SET attempts = attempts + 1, leased_until_ms = @leasedUntilMs, updated_at_ms = @nowMs WHERE id = @id",
  );
  const update = sqlite.prepare(`
    UPDATE notifications SET status = @status, error = @error, due_at_ms = @dueAtMs, leased_until_ms = NULL,
      updated_at_ms = @nowMs WHERE id = @id`);

  function save(row: NotificationRow, change: Pick<NotificationRow, "status" | "error" | "due_at_ms">, nowMs: number) {
    update.run({ id: row.id, status: change.status, error: change.error, dueAtMs: change.due_at_ms, nowMs });
  }

  return {
    enqueue(notification, nowMs) {
      insert.run({ id: newUuid(), nowMs, ...notification });
    },
    cancelQueued(alertId, reason, nowMs) {
      cancel.run({ alertId, reason, nowMs });
    },
    claim({ channels, nowMs, limit, alertId }) {
      return database.write(() => {
        const due = selectDue.all({ channels: JSON.stringify(channels), nowMs, limit, alertId: alertId ?? null });
        const claimed: ClaimedNotification[] = [];
        for (const row of due) {
          if (row.attempts >= MAX_ATTEMPTS) {
            const error = "the process ended during the last attempt; whether it was accepted is not known";
            save(row, { status: "failed", error, due_at_ms: row.due_at_ms }, nowMs);
            continue;
          }
          lease.run({ id: row.id, leasedUntilMs: nowMs + LEASE_MS, nowMs });
          claimed.push({
            notification: toNotification({ ...row, attempts: row.attempts + 1, updated_at_ms: nowMs }),
            idempotencyKey: row.idempotency_key,
          });
        }
        return claimed;
      });
    },
    record(id, outcome, nowMs) {
      database.write(() => {
        const row = selectOne.get(id);
        // Its alert was pruned, or another process recorded an answer after our claim ran out.
        if (row === undefined || row.status === "sent" || row.status === "failed") return;
        if (outcome.status === "accepted") {
          save(row, { status: "sent", error: null, due_at_ms: row.due_at_ms }, nowMs);
          return;
        }
        if (row.status === "cancelled") return;
        const error = outcome.error.slice(0, MAX_ERROR_CHARACTERS);
        const isOver = outcome.status === "refused" || row.attempts >= MAX_ATTEMPTS;
        const pauseMs = outcome.status === "retry" ? retryPauseMs(row.attempts, random, outcome.retryAfterMs) : 0;
        save(
          row,
          isOver
            ? { status: "failed", error, due_at_ms: row.due_at_ms }
            : { status: "queued", error, due_at_ms: nowMs + pauseMs },
          nowMs,
        );
      });
    },
    list: (alertId) => database.read(() => selectAll.all(alertId).map(toNotification)),
    nextDueAtMs(channels) {
      const row = database.read(() => selectNext.get({ channels: JSON.stringify(channels) }));
      if (row === undefined) throw new ServiceError("storage_failed", "the alert book gave no answer");
      return row.due ?? undefined;
    },
  };
}
