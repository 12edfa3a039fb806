import { type SqliteFile, openSqliteFile } from "../../../../lib/sqlite-file.ts";

/** The file that holds the jobs of a home. */
export type JobDatabase = SqliteFile;

/** Rows are only ever added at the end. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE jobs (
    -- The order in which jobs are run.
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    project TEXT,
    namespace TEXT,
    ownership TEXT,
    custom_fields TEXT,
    config TEXT NOT NULL,
    num_records INTEGER NOT NULL,
    -- JSON, so that the number 1 and the text "1" stay apart.
    seed TEXT NOT NULL,
    row_group_size INTEGER NOT NULL,
    -- SHA-256 of the seed dataset as it was when the job was created.
    seed_rows_hash TEXT,
    idempotency_key TEXT UNIQUE,
    request_hash TEXT NOT NULL,
    text_model TEXT,
    status TEXT NOT NULL CHECK (status IN ('created', 'pending', 'active', 'completed', 'error', 'cancelling', 'cancelled')),
    error TEXT,
    version INTEGER NOT NULL,
    done_rows INTEGER NOT NULL,
    rows_per_second REAL,
    eta_seconds REAL,
    failed_rows INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX jobs_status ON jobs (status, number);
  CREATE INDEX jobs_created ON jobs (created_at_ms, number);
  CREATE INDEX jobs_updated ON jobs (updated_at_ms, number);

  CREATE TABLE events (
    job INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (job, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE log_lines (
    job INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
    step TEXT NOT NULL,
    task TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (job, seq)
  ) STRICT, WITHOUT ROWID;

  -- Jobs that are deleted but whose files may still be there.
  CREATE TABLE removals (id TEXT PRIMARY KEY) STRICT;
  `,
];

/** Creates or opens the file. Throws `storage_failed` with the path and the remedy. */
export function openJobDatabase(file: string): JobDatabase {
  return openSqliteFile({ what: "job list", file, migrations: MIGRATIONS });
}
