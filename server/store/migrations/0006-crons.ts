import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const crons: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await db.schema
      .createTable("crons")
      .addColumn("cron_id", "text", (column) => column.primaryKey())
      .addColumn("assistant_id", "text", (column) => column.notNull())
      .addColumn("thread_id", "text")
      .addColumn("schedule", "text", (column) => column.notNull())
      .addColumn("timezone", "text")
      .addColumn("end_time", "bigint")
      .addColumn("is_enabled", "integer", (column) => column.notNull())
      .addColumn("on_run_completed", "text", (column) => column.notNull())
      .addColumn("payload", "text", (column) => column.notNull())
      .addColumn("metadata", "text", (column) => column.notNull())
      .addColumn("next_run_at", "bigint")
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("crons_next").on("crons").columns(["next_run_at"]).execute();
  },
};
