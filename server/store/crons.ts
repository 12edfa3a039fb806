import type { Kysely, SelectQueryBuilder } from "kysely";

import type { Page } from "./assistants.ts";
import type { CronRow, Database } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** Runs that are started by the clock. */
export interface CronJob {
  readonly cronId: string;
  readonly assistantId: string;
  /** Null for runs without a thread. */
  readonly threadId: string | null;
  readonly schedule: string;
  readonly timezone: string | null;
  readonly endTimeMs: number | null;
  readonly isEnabled: boolean;
  /** For runs without a thread. */
  readonly onRunCompleted: "delete" | "keep";
  /** Fields of the run request. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Null when it is disabled or has ended. */
  readonly nextRunAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface CronFilter {
  readonly assistantId?: string;
  readonly threadId?: string;
  readonly isEnabled?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export type CronOrder =
  "cron_id" | "assistant_id" | "thread_id" | "next_run_at" | "end_time" | "created_at" | "updated_at";

export interface CronStore {
  get(cronId: string): Promise<CronJob | undefined>;
  insert(cron: CronJob): Promise<void>;
  /** Replaces every field of a cron that exists; false when it does not. */
  update(cron: CronJob): Promise<boolean>;
  delete(cronId: string): Promise<boolean>;
  deleteOfThread(threadId: string): Promise<void>;
  deleteOfAssistant(assistantId: string): Promise<void>;
  search(filter: CronFilter, page: Page<CronOrder>): Promise<readonly CronJob[]>;
  count(filter: CronFilter): Promise<number>;
  /** Whose time has come, the longest overdue first. */
  due(nowMs: number, limit: number): Promise<readonly CronJob[]>;
  /** When the next one is due; undefined when none is. */
  nextDue(): Promise<number | undefined>;
  /** Sets the next time if the cron still stands at `fromMs`; false when another process was first. */
  advance(cronId: string, fromMs: number, toMs: number | null): Promise<boolean>;
}

export function createCronStore(db: Kysely<Database>, dialect: SqlDialect): CronStore {
  return {
    async get(cronId) {
      const row = await db.selectFrom("crons").selectAll().where("cron_id", "=", cronId).executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    },
    async insert(cron) {
      await db.insertInto("crons").values(toRow(cron)).execute();
    },
    async update(cron) {
      const result = await db
        .updateTable("crons")
        .set(toRow(cron))
        .where("cron_id", "=", cron.cronId)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async delete(cronId) {
      const result = await db.deleteFrom("crons").where("cron_id", "=", cronId).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async deleteOfThread(threadId) {
      await db.deleteFrom("crons").where("thread_id", "=", threadId).execute();
    },
    async deleteOfAssistant(assistantId) {
      await db.deleteFrom("crons").where("assistant_id", "=", assistantId).execute();
    },
    async search(filter, { limit, offset, sortBy, sortOrder }) {
      const rows = await applyFilter(db.selectFrom("crons"), filter, dialect)
        .selectAll()
        // Said outright, because engines differ in where they put rows without a value.
        .orderBy(sortBy, (order) => (sortOrder === "asc" ? order.asc().nullsFirst() : order.desc().nullsLast()))
        .orderBy("cron_id", sortOrder)
        .limit(limit)
        .offset(offset)
        .execute();
      return rows.map(fromRow);
    },
    async count(filter) {
      const row = await applyFilter(db.selectFrom("crons"), filter, dialect)
        .select((select) => select.fn.countAll<number>().as("total"))
        .executeTakeFirstOrThrow();
      return row.total;
    },
    async due(nowMs, limit) {
      const rows = await db
        .selectFrom("crons")
        .selectAll()
        .where("next_run_at", "<=", nowMs)
        .orderBy("next_run_at")
        .limit(limit)
        .execute();
      return rows.map(fromRow);
    },
    async nextDue() {
      const row = await db
        .selectFrom("crons")
        .select((select) => select.fn.min<number | null>("next_run_at").as("next"))
        .executeTakeFirst();
      return row?.next ?? undefined;
    },
    async advance(cronId, fromMs, toMs) {
      const result = await db
        .updateTable("crons")
        .set({ next_run_at: toMs })
        .where("cron_id", "=", cronId)
        .where("next_run_at", "=", fromMs)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
  };
}

function applyFilter<Selected>(
  query: SelectQueryBuilder<Database, "crons", Selected>,
  { assistantId, threadId, isEnabled, metadata }: CronFilter,
  { jsonContains }: SqlDialect,
): SelectQueryBuilder<Database, "crons", Selected> {
  let filtered = query;
  if (assistantId !== undefined) filtered = filtered.where("assistant_id", "=", assistantId);
  if (threadId !== undefined) filtered = filtered.where("thread_id", "=", threadId);
  if (isEnabled !== undefined) filtered = filtered.where("is_enabled", "=", isEnabled ? 1 : 0);
  for (const condition of jsonContains("metadata", metadata ?? {})) filtered = filtered.where(condition);
  return filtered;
}

function toRow(cron: CronJob): CronRow {
  return {
    cron_id: cron.cronId,
    assistant_id: cron.assistantId,
    thread_id: cron.threadId,
    schedule: cron.schedule,
    timezone: cron.timezone,
    end_time: cron.endTimeMs,
    is_enabled: cron.isEnabled ? 1 : 0,
    on_run_completed: cron.onRunCompleted,
    payload: JSON.stringify(cron.payload),
    metadata: JSON.stringify(cron.metadata),
    next_run_at: cron.nextRunAtMs,
    created_at: cron.createdAtMs,
    updated_at: cron.updatedAtMs,
  };
}

function fromRow(row: CronRow): CronJob {
  return {
    cronId: row.cron_id,
    assistantId: row.assistant_id,
    threadId: row.thread_id,
    schedule: row.schedule,
    timezone: row.timezone,
    endTimeMs: row.end_time,
    isEnabled: row.is_enabled === 1,
    onRunCompleted: row.on_run_completed === "keep" ? "keep" : "delete",
    // Written by toRow from objects.
    payload: JSON.parse(row.payload) as Record<string, unknown>,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    nextRunAtMs: row.next_run_at,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}
