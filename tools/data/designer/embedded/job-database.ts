import BetterSqlite, { type Database } from "better-sqlite3";

import { ServiceError } from "../../../../lib/errors.ts";
import { createFolderOf, guardStorage } from "../../../../lib/storage.ts";

/**
 * The file that holds the jobs of a home. Several processes may have it open: each change is one immediate transaction
 * that first looks at what is there.
 */
export interface JobDatabase {
  readonly sqlite: Database;
  /**
   * Runs `work` in one immediate (write-locking) transaction. Throws `storage_failed` when the store fails, `unavailable`
   * when it is closed.
   */
  readonly write: <Result>(work: () => Result) => Result;
  readonly read: <Result>(work: () => Result) => Result;
  close(): void;
}

/** Row by row; `PRAGMA user_version` is the number of those applied. Rows are only ever added at the end. */
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

const BUSY_TIMEOUT_MS = 5_000;

/** Creates or opens the file. Throws `storage_failed` with the path and the remedy. */
export function openJobDatabase(file: string): JobDatabase {
  const guard = <Result>(work: () => Result): Result => guardStorage("job list", file, work);
  const sqlite = guard(() => {
    createFolderOf(file);
    const opened = new BetterSqlite(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      opened.pragma("journal_mode = WAL");
      opened.pragma("synchronous = NORMAL");
      opened.pragma("foreign_keys = ON");
      migrate(opened, file);
    } catch (error) {
      opened.close();
      throw error;
    }
    return opened;
  });
  const whileOpen = <Result>(work: () => Result): Result => {
    if (!sqlite.open) throw new ServiceError("unavailable", "the list of jobs is closed: the service stops");
    return guard(work);
  };
  return {
    sqlite,
    write: (work) => whileOpen(() => sqlite.transaction(work).immediate()),
    read: whileOpen,
    close: () => sqlite.close(),
  };
}

function migrate(sqlite: Database, file: string): void {
  const run = sqlite.transaction(() => {
    const version = Number(sqlite.pragma("user_version", { simple: true }));
    if (version > MIGRATIONS.length) {
      throw new ServiceError(
        "storage_failed",
        `${file} was written by a newer version of NemOps (schema ${version}, this one knows ${MIGRATIONS.length}); update NemOps or use another NEMOPS_HOME`,
      );
    }
    for (const statement of MIGRATIONS.slice(version)) sqlite.exec(statement);
    if (version < MIGRATIONS.length) sqlite.pragma(`user_version = ${MIGRATIONS.length}`);
  });
  run.immediate();
}
