import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const deletedThreads: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await db.schema
      .createTable("deleted_threads")
      .addColumn("thread_id", "text", (column) => column.primaryKey())
      .addColumn("deleted_at", "bigint", (column) => column.notNull())
      .execute();
  },
};
