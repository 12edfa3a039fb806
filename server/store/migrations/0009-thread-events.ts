import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const threadEvents: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await db.schema
      .createTable("thread_events")
      .addColumn("thread_id", "text", (column) => column.notNull())
      .addColumn("after_seq", "bigint", (column) => column.notNull())
      .addColumn("last_seq", "bigint", (column) => column.notNull())
      .addColumn("events", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("thread_events_key", ["thread_id", "after_seq"])
      .execute();
    await db.schema
      .createIndex("thread_events_created")
      .on("thread_events")
      .columns(["created_at", "thread_id"])
      .execute();
  },
};
