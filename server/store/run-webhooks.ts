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
  insert(webhook: RunWebhook): Promise<void>;
  delete(runId: string): Promise<void>;
  /** The oldest ones, without those named. */
  next(limit: number, except: readonly string[]): Promise<readonly RunWebhook[]>;
}

export function createRunWebhookStore(db: Kysely<Database>): RunWebhookStore {
  return {
    async insert({ runId, threadId, url, body, createdAtMs }) {
      await db
        .insertInto("run_webhooks")
        .values({ run_id: runId, thread_id: threadId, url, body, created_at: createdAtMs })
        .execute();
    },
    async delete(runId) {
      await db.deleteFrom("run_webhooks").where("run_id", "=", runId).execute();
    },
    async next(limit, except) {
      let query = db.selectFrom("run_webhooks").selectAll();
      if (except.length > 0) query = query.where("run_id", "not in", except);
      const rows = await query.orderBy("created_at", "asc").limit(limit).execute();
      return rows.map((row) => ({
        runId: row.run_id,
        threadId: row.thread_id,
        url: row.url,
        body: row.body,
        createdAtMs: row.created_at,
      }));
    },
  };
}
