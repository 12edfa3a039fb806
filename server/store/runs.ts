import type { Kysely } from "kysely";

import type { RunKwargs } from "../runs/run-kwargs.ts";
import type { MultitaskStrategy } from "../schemas/run.ts";
import { type RunStatus, UNFINISHED_STATUSES } from "../runs/run-status.ts";
import type { Database, RunRow } from "./schema.ts";

export type StopRequest = "cancel" | "rollback";

export interface Run {
  readonly runId: string;
  readonly threadId: string;
  readonly assistantId: string;
  readonly status: RunStatus;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly kwargs: RunKwargs;
  readonly multitaskStrategy: MultitaskStrategy;
  /** How often execution was started; 0 before the first time. */
  readonly attempt: number;
  readonly isTemporary: boolean;
  readonly startAtMs: number;
  /** Somebody asked to stop the run, and its process may have died before it did. */
  readonly stopRequested: StopRequest | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface RunFilter {
  readonly status?: RunStatus;
}

export interface RunStore {
  get(runId: string): Promise<Run | undefined>;
  insert(run: Run): Promise<void>;
  setStatus(runId: string, status: RunStatus, attempt: number, nowMs: number): Promise<void>;
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
  /** Ended stateless runs whose checkpoints may still be there. */
  endedTemporary(): Promise<readonly Run[]>;
}

export function createRunStore(db: Kysely<Database>): RunStore {
  return {
    async get(runId) {
      const row = await db.selectFrom("runs").selectAll().where("run_id", "=", runId).executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    },
    async insert(run) {
      await db.insertInto("runs").values(toRow(run)).execute();
    },
    async setStatus(runId, status, attempt, nowMs) {
      await db.updateTable("runs").set({ status, attempt, updated_at: nowMs }).where("run_id", "=", runId).execute();
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
    async endedTemporary() {
      const rows = await db
        .selectFrom("runs")
        .selectAll()
        .where("is_temporary", "=", 1)
        .where("status", "not in", UNFINISHED_STATUSES)
        .execute();
      return rows.map(fromRow);
    },
  };
}

function toRow(run: Run): Omit<RunRow, "seq"> {
  return {
    run_id: run.runId,
    thread_id: run.threadId,
    assistant_id: run.assistantId,
    status: run.status,
    metadata: JSON.stringify(run.metadata),
    kwargs: JSON.stringify(run.kwargs),
    multitask_strategy: run.multitaskStrategy,
    attempt: run.attempt,
    is_temporary: run.isTemporary ? 1 : 0,
    start_at: run.startAtMs,
    stop_requested: run.stopRequested,
    created_at: run.createdAtMs,
    updated_at: run.updatedAtMs,
  };
}

function fromRow(row: RunRow): Run {
  return {
    runId: row.run_id,
    threadId: row.thread_id,
    assistantId: row.assistant_id,
    // Only toRow, setStatus and requestStop write these columns.
    status: row.status as RunStatus,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    kwargs: JSON.parse(row.kwargs) as RunKwargs,
    multitaskStrategy: row.multitask_strategy as MultitaskStrategy,
    attempt: row.attempt,
    isTemporary: row.is_temporary === 1,
    startAtMs: row.start_at,
    stopRequested: row.stop_requested as StopRequest | null,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}
