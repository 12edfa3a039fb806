import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";

/** Applied in the order of their names; a published migration never changes. */
const MIGRATIONS: Record<string, Migration> = {
  "0001_assistants_threads_runs": {
    async up(db: Kysely<never>): Promise<void> {
      await db.schema
        .createTable("assistants")
        .addColumn("assistant_id", "text", (column) => column.primaryKey())
        .addColumn("graph_id", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("description", "text")
        .addColumn("config", "text", (column) => column.notNull())
        .addColumn("context", "text", (column) => column.notNull())
        .addColumn("metadata", "text", (column) => column.notNull())
        .addColumn("version", "integer", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("updated_at", "bigint", (column) => column.notNull())
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
  },
  "0002_store_items": {
    async up(db: Kysely<never>): Promise<void> {
      await db.schema
        .createTable("store_items")
        .addColumn("namespace", "text", (column) => column.notNull())
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addColumn("vectors", "blob")
        .addColumn("ttl_minutes", "real")
        .addColumn("expires_at", "bigint")
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("updated_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("store_items_key", ["namespace", "key"])
        .execute();
      await db.schema.createIndex("store_items_expiry").on("store_items").columns(["expires_at"]).execute();
    },
  },
  "0003_assistant_versions": {
    async up(db: Kysely<never>): Promise<void> {
      await db.schema
        .createTable("assistant_versions")
        .addColumn("assistant_id", "text", (column) => column.notNull())
        .addColumn("graph_id", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("description", "text")
        .addColumn("config", "text", (column) => column.notNull())
        .addColumn("context", "text", (column) => column.notNull())
        .addColumn("metadata", "text", (column) => column.notNull())
        .addColumn("version", "integer", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("updated_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("assistant_versions_key", ["assistant_id", "version"])
        .execute();
      // Assistants of before were numbered without their versions being kept: each has the one it is at.
      const columns =
        "assistant_id, graph_id, name, description, config, context, metadata, version, created_at, updated_at";
      await sql`insert into assistant_versions (${sql.raw(columns)}) select ${sql.raw(columns)} from assistants`.execute(
        db,
      );
    },
  },
  "0004_thread_ttl": {
    async up(db: Kysely<never>): Promise<void> {
      await db.schema.alterTable("threads").addColumn("ttl_minutes", "real").execute();
      await db.schema.alterTable("threads").addColumn("ttl_strategy", "text").execute();
      await db.schema.alterTable("threads").addColumn("pruned_at", "bigint").execute();
      await sql`create index threads_ttl on threads (updated_at) where ttl_minutes is not null`.execute(db);
    },
  },
  "0006_crons": {
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
  },
  "0005_open_runs_of_threads": {
    async up(db: Kysely<never>): Promise<void> {
      // A long thread has thousands of finished runs; every new run asks only for those that have not ended.
      await sql`create index runs_open_of_thread on runs (thread_id, seq) where status in ('pending', 'running')`.execute(
        db,
      );
    },
  },
  "0007_run_recovery": {
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
  },
};

/**
 * Brings the database to the newest shape. `schema` is where the migrator keeps its own tables, on engines that have
 * schemas. Throws what the engine threw when a migration fails.
 */
export async function migrate(db: Kysely<never>, schema?: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(MIGRATIONS) },
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
