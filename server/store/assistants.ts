import type { Kysely, SelectQueryBuilder } from "kysely";

import type { AssistantRow, Database } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

export interface Assistant {
  readonly assistantId: string;
  readonly graphId: string;
  readonly name: string;
  readonly description: string | null;
  readonly config: Readonly<Record<string, unknown>>;
  readonly context: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface AssistantFilter {
  readonly graphId?: string;
  /** Part of the name; case does not matter for ASCII letters. */
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export type AssistantOrder = "assistant_id" | "created_at" | "updated_at" | "name" | "graph_id";

export interface AssistantStore {
  get(assistantId: string): Promise<Assistant | undefined>;
  /** Adds it; false when the id is taken, and then nothing is changed. */
  insert(assistant: Assistant): Promise<boolean>;
  /** Replaces every field of an assistant that exists; false when it does not. */
  update(assistant: Assistant): Promise<boolean>;
  delete(assistantId: string): Promise<boolean>;
  search(filter: AssistantFilter, page: Page<AssistantOrder>): Promise<readonly Assistant[]>;
  count(filter: AssistantFilter): Promise<number>;
}

export interface Page<Order extends string> {
  readonly limit: number;
  readonly offset: number;
  readonly sortBy: Order;
  readonly sortOrder: "asc" | "desc";
}

export function createAssistantStore(db: Kysely<Database>, dialect: SqlDialect): AssistantStore {
  return {
    async get(assistantId) {
      const row = await db
        .selectFrom("assistants")
        .selectAll()
        .where("assistant_id", "=", assistantId)
        .executeTakeFirst();
      return row === undefined ? undefined : fromAssistantRow(row);
    },
    async insert(assistant) {
      const result = await db
        .insertInto("assistants")
        .values(toAssistantRow(assistant))
        .onConflict((conflict) => conflict.column("assistant_id").doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async update(assistant) {
      const result = await db
        .updateTable("assistants")
        .set(toAssistantRow(assistant))
        .where("assistant_id", "=", assistant.assistantId)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async delete(assistantId) {
      const result = await db.deleteFrom("assistants").where("assistant_id", "=", assistantId).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async search(filter, { limit, offset, sortBy, sortOrder }) {
      const rows = await applyFilter(db.selectFrom("assistants"), filter, dialect)
        .selectAll()
        .orderBy(sortBy, sortOrder)
        .orderBy("assistant_id", sortOrder)
        .limit(limit)
        .offset(offset)
        .execute();
      return rows.map(fromAssistantRow);
    },
    async count(filter) {
      const row = await applyFilter(db.selectFrom("assistants"), filter, dialect)
        .select((select) => select.fn.countAll<number>().as("total"))
        .executeTakeFirstOrThrow();
      return row.total;
    },
  };
}

function applyFilter<Selected>(
  query: SelectQueryBuilder<Database, "assistants", Selected>,
  { graphId, name, metadata }: AssistantFilter,
  { jsonContains, textContains }: SqlDialect,
): SelectQueryBuilder<Database, "assistants", Selected> {
  let filtered = query;
  if (graphId !== undefined) filtered = filtered.where("graph_id", "=", graphId);
  if (name !== undefined) filtered = filtered.where(textContains("name", name));
  for (const condition of jsonContains("metadata", metadata ?? {})) filtered = filtered.where(condition);
  return filtered;
}

export function toAssistantRow(assistant: Assistant): AssistantRow {
  return {
    assistant_id: assistant.assistantId,
    graph_id: assistant.graphId,
    name: assistant.name,
    description: assistant.description,
    config: JSON.stringify(assistant.config),
    context: JSON.stringify(assistant.context),
    metadata: JSON.stringify(assistant.metadata),
    version: assistant.version,
    created_at: assistant.createdAtMs,
    updated_at: assistant.updatedAtMs,
  };
}

export function fromAssistantRow(row: AssistantRow): Assistant {
  return {
    assistantId: row.assistant_id,
    graphId: row.graph_id,
    name: row.name,
    description: row.description,
    // Written by toAssistantRow from objects.
    config: JSON.parse(row.config) as Record<string, unknown>,
    context: JSON.parse(row.context) as Record<string, unknown>,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    version: row.version,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}
