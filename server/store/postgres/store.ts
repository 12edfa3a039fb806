import { sql } from "kysely";
import type { Pool } from "pg";

import { migrate } from "../migrations.ts";
import type { Database } from "../schema.ts";
import { type Store, bindStore, bindTables } from "../store.ts";
import { lockKey, postgresDialect } from "./dialect.ts";
import { describeDatabase } from "./error.ts";
import { createPostgresKysely } from "./kysely.ts";
import { createPostgresPool } from "./pool.ts";

export interface PostgresStoreOptions {
  /** Stays open when the store is closed. */
  readonly pool: Pool;
  readonly uri: string;
}

/** The store over a database whose tables `migratePostgres` has made. */
export function createPostgresStore({ pool, uri }: PostgresStoreOptions): Store {
  const db = createPostgresKysely<Database>(pool, describeDatabase(uri));
  return bindStore(db, postgresDialect, {
    transaction: (work, { lock } = {}) =>
      db.transaction().execute(async (transaction) => {
        // Held until the transaction ends. It also covers rows that are not there yet, as a row lock could not.
        if (lock !== undefined) {
          await sql`select pg_advisory_xact_lock(${lockKey(sql`${lock}::text`)})`.execute(transaction);
        }
        return work(bindTables(transaction, postgresDialect));
      }),
    close: () => db.destroy(),
  });
}

/**
 * Brings the tables to the newest shape; several processes may do so at once. On a connection of its own, because
 * changing a large table takes longer than a statement may take otherwise.
 */
export async function migratePostgres(uri: string, schema: string): Promise<void> {
  const pool = createPostgresPool({ uri, maxConnections: 1, statementTimeoutMs: 0 });
  const db = createPostgresKysely<never>(pool, describeDatabase(uri));
  try {
    await migrate(db, schema);
  } finally {
    await db.destroy();
    await pool.end();
  }
}
