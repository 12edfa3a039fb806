import type { Kysely } from "kysely";

import type { Database } from "./schema.ts";

/**
 * Threads whose rows are gone and whose checkpoints and events may not be, because those lie in another database or are
 * deleted later. Written together with the deletion and removed when nothing is left, so the table is all but empty.
 */
export interface DeletedThreadStore {
  add(threadId: string, nowMs: number): Promise<void>;
  has(threadId: string): Promise<boolean>;
  /** Deleted at `untilMs` or before, the oldest first. */
  list(untilMs: number, limit: number): Promise<readonly string[]>;
  remove(threadId: string): Promise<void>;
}

export function createDeletedThreadStore(db: Kysely<Database>): DeletedThreadStore {
  return {
    async add(threadId, nowMs) {
      await db
        .insertInto("deleted_threads")
        .values({ thread_id: threadId, deleted_at: nowMs })
        .onConflict((conflict) => conflict.column("thread_id").doUpdateSet({ deleted_at: nowMs }))
        .execute();
    },
    async has(threadId) {
      const row = await db
        .selectFrom("deleted_threads")
        .select("thread_id")
        .where("thread_id", "=", threadId)
        .executeTakeFirst();
      return row !== undefined;
    },
    async list(untilMs, limit) {
      const rows = await db
        .selectFrom("deleted_threads")
        .select("thread_id")
        .where("deleted_at", "<=", untilMs)
        .orderBy("deleted_at")
        .orderBy("thread_id")
        .limit(limit)
        .execute();
      return rows.map((row) => row.thread_id);
    },
    async remove(threadId) {
      await db.deleteFrom("deleted_threads").where("thread_id", "=", threadId).execute();
    },
  };
}
