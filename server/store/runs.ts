import { type Kysely, type SqlBool, sql } from "kysely";

import { type RunStatus, UNFINISHED_STATUSES } from "../runs/run-status.ts";
import { type RunOwnershipStore, createRunOwnershipStore } from "./run-ownership.ts";
import { type Run, type StopRequest, fromRow, toRow } from "./run-row.ts";
import type { Database } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

export type { Run, StopRequest } from "./run-row.ts";

export interface RunFilter {
  readonly status?: RunStatus;
}

export interface RunStore extends RunOwnershipStore {
  get(runId: string): Promise<Run | undefined>;
  insert(run: Run): Promise<void>;
  /** Remembers that the run is to be stopped; only for runs that have not ended, and the first request counts. */
  requestStop(runId: string, request: StopRequest): Promise<void>;
  delete(runId: string): Promise<boolean>;
  /** With their stored events. */
  deleteOfThread(threadId: string): Promise<void>;
  /** Newest first. */
  list(threadId: string, filter: RunFilter, page: { limit: number; offset: number }): Promise<readonly Run[]>;
  /** Pending and running runs of one thread, oldest first. */
  unfinishedOfThread(threadId: string): Promise<readonly Run[]>;
  /** Every pending and running run, oldest first: what a restart has to go on with. */
  unfinished(): Promise<readonly Run[]>;
  /**
   * Ended stateless runs whose checkpoints may still be there; only those of processes that are gone, where others may be
   * ending one.
   */
  endedTemporary(scope: "all" | "unowned"): Promise<readonly Run[]>;
}

export function createRunStore(db: Kysely<Database>, dialect: SqlDialect): RunStore {
  return {
    ...createRunOwnershipStore(db, dialect),
    async get(runId) {
      const row = await db.selectFrom("runs").selectAll().where("run_id", "=", runId).executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    },
    async insert(run) {
      await db.insertInto("runs").values(toRow(run)).execute();
    },
    async requestStop(runId, request) {
      await db
        .updateTable("runs")
        .set({ stop_requested: request })
        .where("run_id", "=", runId)
        .where("status", "in", UNFINISHED_STATUSES)
        .where("stop_requested", "is", null)
        .execute();
    },
    async delete(runId) {
      const result = await db.deleteFrom("runs").where("run_id", "=", runId).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async deleteOfThread(threadId) {
      const ofThread = db.selectFrom("runs").select("run_id").where("thread_id", "=", threadId);
      await db.deleteFrom("run_events").where("run_id", "in", ofThread).execute();
      await db.deleteFrom("runs").where("thread_id", "=", threadId).execute();
    },
    async list(threadId, { status }, { limit, offset }) {
      let query = db.selectFrom("runs").selectAll().where("thread_id", "=", threadId);
      if (status !== undefined) query = query.where("status", "=", status);
      const rows = await query.orderBy("seq", "desc").limit(limit).offset(offset).execute();
      return rows.map(fromRow);
    },
    async unfinishedOfThread(threadId) {
      const rows = await db
        .selectFrom("runs")
        .selectAll()
        .where("thread_id", "=", threadId)
        .where("status", "in", UNFINISHED_STATUSES)
        .orderBy("seq", "asc")
        .execute();
      return rows.map(fromRow);
    },
    async unfinished() {
      const rows = await db
        .selectFrom("runs")
        .selectAll()
        .where("status", "in", UNFINISHED_STATUSES)
        .orderBy("seq", "asc")
        .execute();
      return rows.map(fromRow);
    },
    async endedTemporary(scope) {
      const rows = await db
        .selectFrom("runs")
        .selectAll()
        // As the index has it, which no parameter would find.
        .where(sql<SqlBool>`is_temporary = 1 and status not in ('pending', 'running')`)
        .$if(scope === "unowned", (query) =>
          query.where((where) =>
            where.or([
              where("owner", "is", null),
              where("owner", "not in", where.selectFrom("replicas").select("replica_id")),
            ]),
          ),
        )
        .execute();
      return rows.map(fromRow);
    },
  };
}
