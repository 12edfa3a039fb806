import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

import { withAssistantColumns } from "./assistant-columns.ts";

export const assistantsThreadsRuns: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await db.schema
      .createTable("assistants")
      .addColumn("assistant_id", "text", (column) => column.primaryKey())
      .$call(withAssistantColumns)
      .execute();
    await db.schema
      .createTable("threads")
      .addColumn("thread_id", "text", (column) => column.primaryKey())
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("metadata", "text", (column) => column.notNull())
      .addColumn("config", "text", (column) => column.notNull())
      .addColumn("values", "text")
      .addColumn("interrupts", "text", (column) => column.notNull())
      .addColumn("error", "text")
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .addColumn("state_updated_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("runs")
      .addColumn("seq", "integer", (column) => column.primaryKey().autoIncrement())
      .addColumn("run_id", "text", (column) => column.notNull().unique())
      .addColumn("thread_id", "text", (column) => column.notNull())
      .addColumn("assistant_id", "text", (column) => column.notNull())
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("metadata", "text", (column) => column.notNull())
      .addColumn("kwargs", "text", (column) => column.notNull())
      .addColumn("multitask_strategy", "text", (column) => column.notNull())
      .addColumn("attempt", "integer", (column) => column.notNull())
      .addColumn("is_temporary", "integer", (column) => column.notNull())
      .addColumn("start_at", "bigint", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("threads_updated").on("threads").columns(["updated_at"]).execute();
    await db.schema.createIndex("threads_status").on("threads").columns(["status", "updated_at"]).execute();
    await db.schema.createIndex("runs_thread").on("runs").columns(["thread_id", "seq"]).execute();
    // Only unfinished runs are looked up by status, so finished ones stay out of this index.
    await sql`create index runs_unfinished on runs (status, seq) where status in ('pending', 'running')`.execute(db);
  },
};
