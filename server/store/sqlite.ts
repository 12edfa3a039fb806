import BetterSqlite, { type Database as SqliteDatabase, type Statement } from "better-sqlite3";
import { type Driver, Kysely, SqliteDialect } from "kysely";

import { createFolderOf } from "../../lib/storage.ts";
import { toStorageError } from "./storage-error.ts";
import { TranslatingDriver } from "./translating-driver.ts";

/** Page cache per connection in KiB; the default of 2 MiB is small beside a working set of threads. */
const CACHE_KIB = 16_384;
const MAX_STATEMENTS = 256;

/**
 * Opens (and creates) a SQLite file in WAL mode; `:memory:` works too. NORMAL syncing survives the death of the process;
 * a power cut may lose the last transactions but never damages the file.
 * Throws `storage_failed` when the folder or file cannot be used.
 */
export function openSqlite(file: string): SqliteDatabase {
  try {
    if (file !== ":memory:") createFolderOf(file);
    const db = new BetterSqlite(file);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.pragma("busy_timeout = 2000");
    db.pragma(`cache_size = -${CACHE_KIB}`);
    rememberStatements(db);
    return db;
  } catch (error) {
    throw toStorageError(error, file);
  }
}

/**
 * Kysely and LangGraph's saver prepare the same few statements anew for every call, which costs more than running them.
 * A statement may be shared because every use of it here is synchronous and complete.
 */
function rememberStatements(db: SqliteDatabase): void {
  const prepare = db.prepare.bind(db);
  const known = new Map<string, Statement>();
  const remembering = (source: string): Statement => {
    const statement = known.get(source) ?? prepare(source);
    if (known.size >= MAX_STATEMENTS) known.clear();
    known.set(source, statement);
    return statement;
  };
  // The declared type is generic in parameters and rows, which only the caller knows.
  db.prepare = remembering as typeof db.prepare;
}

/** Kysely over an open SQLite file, with every failure of the engine turned into `storage_failed`. */
export function createSqliteKysely<Schema>(db: SqliteDatabase, file: string): Kysely<Schema> {
  class Dialect extends SqliteDialect {
    override createDriver(): Driver {
      return new TranslatingDriver(super.createDriver(), (error) => toStorageError(error, file));
    }
  }
  return new Kysely<Schema>({ dialect: new Dialect({ database: db }) });
}
