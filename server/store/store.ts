import { type Kysely, sql } from "kysely";

import { type AssistantVersionStore, createAssistantVersionStore } from "./assistant-versions.ts";
import { type AssistantStore, createAssistantStore } from "./assistants.ts";
import { type DeletedThreadStore, createDeletedThreadStore } from "./deleted-threads.ts";
import { migrate } from "./migrations.ts";
import { type RunEventStore, createRunEventStore } from "./run-events.ts";
import { type RunStore, createRunStore } from "./runs.ts";
import { type RunWebhookStore, createRunWebhookStore } from "./run-webhooks.ts";
import { type CronStore, createCronStore } from "./crons.ts";
import { type ItemStore, createItemStore } from "./items.ts";
import type { Database } from "./schema.ts";
import { type SqlDialect, sqliteDialect } from "./sql-dialect.ts";
import { createSqliteKysely, openSqlite } from "./sqlite.ts";
import { type ThreadEventStore, createThreadEventStore } from "./thread-events.ts";
import { type ThreadStore, createThreadStore } from "./threads.ts";

export interface StoreOptions {
  /** Database file, or `:memory:`. Its folder is created when missing. */
  readonly path: string;
}

export interface StoreTables {
  readonly assistants: AssistantStore;
  readonly assistantVersions: AssistantVersionStore;
  readonly threads: ThreadStore;
  readonly deletedThreads: DeletedThreadStore;
  readonly runs: RunStore;
  readonly runEvents: RunEventStore;
  readonly runWebhooks: RunWebhookStore;
  readonly threadEvents: ThreadEventStore;
  readonly items: ItemStore;
  readonly crons: CronStore;
}

export type TransactionWork<Result> = (tables: StoreTables) => Promise<Result>;

export interface TransactionOptions {
  /**
   * Transactions with the same lock run one after another, in all processes. Needed where what is written depends on what
   * was read: the id of the thread, or of the assistant.
   */
  readonly lock?: string;
}

/** Assistants, threads and runs. Every method may throw `storage_failed`. */
export interface Store extends StoreTables {
  /**
   * All of `work` or nothing of it. It must use only the tables it is given and must not wait for anything else.
   */
  transaction<Result>(work: TransactionWork<Result>, options?: TransactionOptions): Promise<Result>;
  /** Empties tables; the assistants of the graphs have to be written again. For test mode only. */
  truncate(tables: readonly (keyof StoreTables)[]): Promise<void>;
  /** Throws when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store and brings its tables to the newest shape. Throws `storage_failed` when the file cannot be used. */
export async function createStore({ path }: StoreOptions): Promise<Store> {
  const db = createSqliteKysely<Database>(openSqlite(path), path);
  // The migrator runs statements for shapes that the current types no longer or not yet describe.
  await migrate(db as unknown as Kysely<never>);
  return bindStore(db, sqliteDialect, {
    // There is one connection: every transaction runs alone.
    transaction: (work) => db.transaction().execute((transaction) => work(bindTables(transaction, sqliteDialect))),
    close: () => db.destroy(),
  });
}

/** The store over a database whose tables have the newest shape. */
export function bindStore(
  db: Kysely<Database>,
  dialect: SqlDialect,
  engine: Pick<Store, "transaction" | "close">,
): Store {
  return {
    ...bindTables(db, dialect),
    ...engine,
    truncate: async (tables) => {
      for (const table of tables) await db.deleteFrom(TABLES[table]).execute();
    },
    ping: async () => {
      await sql`select 1`.execute(db);
    },
  };
}

const TABLES = {
  assistants: "assistants",
  assistantVersions: "assistant_versions",
  threads: "threads",
  deletedThreads: "deleted_threads",
  runs: "runs",
  runEvents: "run_events",
  runWebhooks: "run_webhooks",
  threadEvents: "thread_events",
  items: "store_items",
  crons: "crons",
} as const satisfies Record<keyof StoreTables, keyof Database>;

export function bindTables(db: Kysely<Database>, dialect: SqlDialect): StoreTables {
  return {
    assistants: createAssistantStore(db, dialect),
    assistantVersions: createAssistantVersionStore(db, dialect),
    threads: createThreadStore(db, dialect),
    deletedThreads: createDeletedThreadStore(db),
    runs: createRunStore(db, dialect),
    runEvents: createRunEventStore(db, dialect),
    runWebhooks: createRunWebhookStore(db),
    threadEvents: createThreadEventStore(db),
    items: createItemStore(db, dialect),
    crons: createCronStore(db, dialect),
  };
}
