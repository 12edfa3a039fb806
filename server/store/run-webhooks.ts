import type { Kysely } from "kysely";

import type { Database } from "./schema.ts";

/** A webhook that is to be delivered. */
export interface RunWebhook {
  readonly runId: string;
  readonly threadId: string;
  readonly url: string;
  /** JSON object. */
  readonly body: string;
  readonly createdAtMs: number;
}

/** Written together with the end of the run and deleted after delivery: a webhook is sent at least once. */
export interface RunWebhookStore {
  /** Stored for `owner` to deliver. */
  insert(webhook: RunWebhook, owner: string): Promise<void>;
  delete(runId: string): Promise<void>;
  /** The oldest ones that are the owner's or nobody's, without those named; they are the owner's now. */
  claim(owner: string, limit: number, except: readonly string[]): Promise<readonly RunWebhook[]>;
  /** Leaves all to whoever claims them. For a store that nobody else uses. */
  releaseAll(): Promise<void>;
}

export function createRunWebhookStore(db: Kysely<Database>): RunWebhookStore {
  return {
    async insert({ runId, threadId, url, body, createdAtMs }, owner) {
      await db
        .insertInto("run_webhooks")
        .values({ run_id: runId, thread_id: threadId, url, body, owner, created_at: createdAtMs })
        .execute();
    },
    async delete(runId) {
      await db.deleteFrom("run_webhooks").where("run_id", "=", runId).execute();
    },
    async claim(owner, limit, except) {
      const next = db
        .selectFrom("run_webhooks")
        .select("run_id")
        .where((where) => where.or([where("owner", "is", null), where("owner", "=", owner)]))
        .$if(except.length > 0, (query) => query.where("run_id", "not in", except))
        .orderBy("created_at", "asc")
        .limit(limit);
      const rows = await db
        .updateTable("run_webhooks")
        .set({ owner })
        .where("run_id", "in", next)
        // Looked at again once another process that was faster has taken it.
        .where((where) => where.or([where("owner", "is", null), where("owner", "=", owner)]))
        .returningAll()
        .execute();
      return rows
        .sort((left, right) => left.created_at - right.created_at)
        .map((row) => ({
          runId: row.run_id,
          threadId: row.thread_id,
          url: row.url,
          body: row.body,
          createdAtMs: row.created_at,
        }));
    },
    async releaseAll() {
      await db.updateTable("run_webhooks").set({ owner: null }).where("owner", "is not", null).execute();
    },
  };
}
