import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const replicas: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await db.schema
      .createTable("replicas")
      .addColumn("replica_id", "text", (column) => column.primaryKey())
      .addColumn("lease_until", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.alterTable("runs").addColumn("owner", "text").execute();
    await db.schema.alterTable("runs").addColumn("followed_by", "text").execute();
    await db.schema.alterTable("run_events").addColumn("result", "text").execute();
    await db.schema.alterTable("run_webhooks").addColumn("owner", "text").execute();
  },
};
