import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

export const threadTtl: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await db.schema.alterTable("threads").addColumn("ttl_minutes", "real").execute();
    await db.schema.alterTable("threads").addColumn("ttl_strategy", "text").execute();
    await db.schema.alterTable("threads").addColumn("pruned_at", "bigint").execute();
    await sql`create index threads_ttl on threads (updated_at) where ttl_minutes is not null`.execute(db);
  },
};
