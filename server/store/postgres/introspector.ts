import { type DatabaseIntrospector, type Kysely, type SchemaMetadata, type TableMetadata, sql } from "kysely";

/**
 * What the migrator asks for: which schemas there are, and which tables the own one has. Kysely's introspector reads every
 * column of every schema, which takes longer the more others keep in the database, and fails when one of them drops a
 * schema meanwhile.
 */
export function createSchemaIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
  return {
    async getSchemas(): Promise<SchemaMetadata[]> {
      const { rows } = await sql<SchemaMetadata>`select nspname as name from pg_catalog.pg_namespace`.execute(db);
      return rows;
    },
    async getTables(): Promise<TableMetadata[]> {
      const { rows } = await sql<{ name: string; schema: string }>`
        select tablename as name, schemaname as schema from pg_catalog.pg_tables
          where schemaname = current_schema()`.execute(db);
      return rows.map((table) => ({ ...table, isView: false, isForeign: false, columns: [] }));
    },
  };
}
