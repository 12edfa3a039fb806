import BetterSqlite, { type Database } from "better-sqlite3";

import { ServiceError } from "./errors.ts";
import { createFolderOf, guardStorage } from "./storage.ts";

/** A SQLite file that several processes may have open: each change is one immediate transaction that first looks at what is there. */
export interface SqliteFile {
  readonly sqlite: Database;
  /**
   * Runs `work` in one immediate (write-locking) transaction. Throws `storage_failed` when the store fails, `unavailable`
   * when it is closed.
   */
  readonly write: <Result>(work: () => Result) => Result;
  readonly read: <Result>(work: () => Result) => Result;
  close(): void;
}

export interface SqliteFileOptions {
  /** What the file holds, for messages, for example "alert book". */
  readonly what: string;
  /** Path, or `:memory:` for none. */
  readonly file: string;
  /** Row by row; `PRAGMA user_version` is the number of those applied. Rows are only ever added at the end. */
  readonly migrations: readonly string[];
}

const BUSY_TIMEOUT_MS = 5_000;

/** Creates or opens the file and brings it up to date. Throws `storage_failed` with the path and the remedy. */
export function openSqliteFile({ what, file, migrations }: SqliteFileOptions): SqliteFile {
  const guard = <Result>(work: () => Result): Result => guardStorage(what, file, work);
  const sqlite = guard(() => {
    if (file !== ":memory:") createFolderOf(file);
    const opened = new BetterSqlite(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      opened.pragma("journal_mode = WAL");
      opened.pragma("synchronous = NORMAL");
      opened.pragma("foreign_keys = ON");
      migrate(opened, file, migrations);
    } catch (error) {
      opened.close();
      throw error;
    }
    return opened;
  });
  const whileOpen = <Result>(work: () => Result): Result => {
    if (!sqlite.open) throw new ServiceError("unavailable", `the ${what} is closed: the service stops`);
    return guard(work);
  };
  return {
    sqlite,
    write: (work) => whileOpen(() => sqlite.transaction(work).immediate()),
    read: whileOpen,
    close: () => sqlite.close(),
  };
}

function migrate(sqlite: Database, file: string, migrations: readonly string[]): void {
  const run = sqlite.transaction(() => {
    const version = Number(sqlite.pragma("user_version", { simple: true }));
    if (version > migrations.length) {
      throw new ServiceError(
        "storage_failed",
        `${file} was written by a newer version of NemOps (schema ${version}, this one knows ${migrations.length}); update NemOps or use another NEMOPS_HOME`,
      );
    }
    for (const statement of migrations.slice(version)) sqlite.exec(statement);
    if (version < migrations.length) sqlite.pragma(`user_version = ${migrations.length}`);
  });
  run.immediate();
}
