import type { CreateTableBuilder } from "kysely";

/** What an assistant and each of its versions have beside their keys, as of the first seven migrations. */
const COLUMNS = [
  { name: "graph_id", type: "text" },
  { name: "name", type: "text" },
  { name: "description", type: "text", isNullable: true },
  { name: "config", type: "text" },
  { name: "context", type: "text" },
  { name: "metadata", type: "text" },
  { name: "version", type: "integer" },
  { name: "created_at", type: "bigint" },
  { name: "updated_at", type: "bigint" },
] as const;

export const ASSISTANT_COLUMNS = COLUMNS.map(({ name }) => name);

export function withAssistantColumns(table: CreateTableBuilder<string, string>): CreateTableBuilder<string, string> {
  return COLUMNS.reduce(
    (built, column) =>
      built.addColumn(column.name, column.type, (given) => ("isNullable" in column ? given : given.notNull())),
    table,
  );
}
