import type { Kysely } from "kysely";

import type { Assistant, AssistantFilter } from "./assistants.ts";
import { fromAssistantRow, toAssistantRow } from "./assistants.ts";
import type { Database } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** Every version an assistant ever had. A version never changes; `updatedAtMs` of one is when it was made. */
export interface AssistantVersionStore {
  add(version: Assistant): Promise<void>;
  get(assistantId: string, version: number): Promise<Assistant | undefined>;
  /** The number of the newest version; 0 when there is none. */
  newest(assistantId: string): Promise<number>;
  /** Newest first. */
  list(
    assistantId: string,
    filter: Pick<AssistantFilter, "metadata">,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<readonly Assistant[]>;
  deleteAll(assistantId: string): Promise<void>;
}

export function createAssistantVersionStore(db: Kysely<Database>, { jsonContains }: SqlDialect): AssistantVersionStore {
  return {
    async add(version) {
      await db.insertInto("assistant_versions").values(toAssistantRow(version)).execute();
    },
    async get(assistantId, version) {
      const row = await db
        .selectFrom("assistant_versions")
        .selectAll()
        .where("assistant_id", "=", assistantId)
        .where("version", "=", version)
        .executeTakeFirst();
      return row === undefined ? undefined : fromAssistantRow(row);
    },
    async newest(assistantId) {
      const row = await db
        .selectFrom("assistant_versions")
        .select((select) => select.fn.max<number | null>("version").as("newest"))
        .where("assistant_id", "=", assistantId)
        .executeTakeFirst();
      return row?.newest ?? 0;
    },
    async list(assistantId, { metadata }, { limit, offset }) {
      let query = db.selectFrom("assistant_versions").selectAll().where("assistant_id", "=", assistantId);
      for (const condition of jsonContains("metadata", metadata ?? {})) query = query.where(condition);
      const rows = await query.orderBy("version", "desc").limit(limit).offset(offset).execute();
      return rows.map(fromAssistantRow);
    },
    async deleteAll(assistantId) {
      await db.deleteFrom("assistant_versions").where("assistant_id", "=", assistantId).execute();
    },
  };
}
