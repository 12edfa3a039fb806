import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const runRecovery: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await db.schema.alterTable("runs").addColumn("stop_requested", "text").execute();
    await db.schema
      .createTable("run_events")
      .addColumn("run_id", "text", (column) => column.notNull())
      .addColumn("first_seq", "integer", (column) => column.notNull())
      .addColumn("last_seq", "integer", (column) => column.notNull())
      .addColumn("events", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("run_events_key", ["run_id", "first_seq"])
      .execute();
    await db.schema
      .createTable("run_webhooks")
      .addColumn("run_id", "text", (column) => column.primaryKey())
      .addColumn("thread_id", "text", (column) => column.notNull())
      .addColumn("url", "text", (column) => column.notNull())
      .addColumn("body", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("run_webhooks_created").on("run_webhooks").columns(["created_at"]).execute();
  },
};
