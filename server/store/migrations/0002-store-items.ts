import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const storeItems: Migration = {
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
};
