import { type SqliteFile, openSqliteFile } from "../../../lib/sqlite-file.ts";

/**
 * The alert book's file. It uses better-sqlite3 directly and not the server's asynchronous store: raising an alert is
 * "look for the open one, else insert" in one immediate transaction, which is correct across processes only when nothing
 * else can run in between, and the command line needs it without the rest of the server.
 */
export type AlertDatabase = SqliteFile;

/** Rows are only ever added at the end. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'acknowledged', 'snoozed', 'closed')),
    cycle INTEGER NOT NULL,
    step_cursor INTEGER NOT NULL,
    next_step_at_ms INTEGER,
    snoozed_until_ms INTEGER,
    inhibited_by TEXT,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    closed_at_ms INTEGER,
    count INTEGER NOT NULL,
    severity TEXT NOT NULL,
    priority TEXT NOT NULL,
    title TEXT NOT NULL,
    analysis TEXT NOT NULL,
    remediation_steps TEXT NOT NULL,
    node TEXT NOT NULL,
    gpu INTEGER,
    component TEXT,
    rule TEXT,
    evidence TEXT NOT NULL,
    incident_ids TEXT NOT NULL,
    owner TEXT,
    thread_id TEXT,
    is_simulated INTEGER NOT NULL
  ) STRICT;
  -- One alert per fault that is not closed, whoever raises it from whichever process.
  CREATE UNIQUE INDEX alerts_live_fingerprint ON alerts (fingerprint) WHERE status <> 'closed';
  CREATE INDEX alerts_closed ON alerts (fingerprint, closed_at_ms) WHERE status = 'closed';
  CREATE INDEX alerts_step_due ON alerts (next_step_at_ms) WHERE next_step_at_ms IS NOT NULL;
  CREATE INDEX alerts_wake_due ON alerts (snoozed_until_ms) WHERE snoozed_until_ms IS NOT NULL;
  CREATE INDEX alerts_seen ON alerts (last_seen_ms);
  CREATE INDEX alerts_inhibited ON alerts (inhibited_by) WHERE inhibited_by IS NOT NULL;

  CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    -- alert, escalation, step and channel: a step can be queued once only.
    idempotency_key TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    step INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'failed', 'cancelled')),
    attempts INTEGER NOT NULL,
    error TEXT,
    due_at_ms INTEGER NOT NULL,
    -- Set while a process is sending; a process that dies leaves it to run out.
    leased_until_ms INTEGER,
    updated_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX notifications_due ON notifications (due_at_ms) WHERE status = 'queued';
  CREATE INDEX notifications_alert ON notifications (alert_id);

  CREATE TABLE history (
    alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    what TEXT NOT NULL,
    actor TEXT,
    reason TEXT
  ) STRICT;
  CREATE INDEX history_alert ON history (alert_id);
  `,
];

/** Creates or opens the file (`:memory:` for none). Throws `storage_failed` with the path and the remedy. */
export function openAlertDatabase(file: string): AlertDatabase {
  return openSqliteFile({ what: "alert book", file, migrations: MIGRATIONS });
}
