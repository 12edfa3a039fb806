import { type Kysely, type SqlBool, sql } from "kysely";

import type { Page } from "./assistants.ts";
import type { Database, ThreadRow } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";
import { createThreadSearch } from "./thread-search.ts";

export const THREAD_STATUSES = ["idle", "busy", "interrupted", "error"] as const;
export type ThreadStatus = (typeof THREAD_STATUSES)[number];

/** What happens to a thread that has not changed for `minutes`. */
export interface ThreadTtl {
  readonly minutes: number;
  readonly strategy: "delete" | "keep_latest";
}

export interface Thread {
  readonly threadId: string;
  readonly status: ThreadStatus;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
  /** State after the last run as wire JSON; null before the first run. */
  readonly values: unknown;
  /** Task id to its pending interrupts `[{id, value}]`. */
  readonly interrupts: Readonly<Record<string, readonly unknown[]>>;
  /** Why the last run failed; null when it did not. */
  readonly error: unknown;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly stateUpdatedAtMs: number;
  /** Null keeps it. */
  readonly ttl: ThreadTtl | null;
}

export interface ThreadFilter {
  readonly ids?: readonly string[];
  readonly status?: ThreadStatus;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

export type ThreadOrder = "thread_id" | "status" | "created_at" | "updated_at" | "state_updated_at";

/** What a finished run or a state update changes; fields left out stay as they are. */
export interface ThreadOutcome {
  readonly status: ThreadStatus;
  /** Wire JSON text of the state. */
  readonly valuesJson?: string;
  readonly interrupts?: Readonly<Record<string, readonly unknown[]>>;
  readonly error?: unknown;
}

export interface ThreadStore {
  get(threadId: string): Promise<Thread | undefined>;
  /** Adds it; false when the id is taken, and then nothing is changed. */
  insert(thread: Thread): Promise<boolean>;
  /** Replaces metadata and config; false when there is no such thread. */
  setMetadata(
    threadId: string,
    metadata: Readonly<Record<string, unknown>>,
    config: Readonly<Record<string, unknown>>,
    nowMs: number,
  ): Promise<boolean>;
  setStatus(threadId: string, status: ThreadStatus, nowMs: number): Promise<void>;
  setOutcome(threadId: string, outcome: ThreadOutcome, nowMs: number): Promise<void>;
  setTtl(threadId: string, ttl: ThreadTtl | null): Promise<void>;
  /** Threads without a run whose time is over and that were not cut since, at most `limit`. */
  expired(nowMs: number, limit: number): Promise<readonly Thread[]>;
  markPruned(threadId: string, nowMs: number): Promise<void>;
  delete(threadId: string): Promise<boolean>;
  search(filter: ThreadFilter, page: Page<ThreadOrder>): Promise<readonly Thread[]>;
  count(filter: ThreadFilter): Promise<number>;
}

/** A thread nothing has run on yet. */
export function newThread(
  threadId: string,
  nowMs: number,
  metadata: Readonly<Record<string, unknown>> = {},
  config: Readonly<Record<string, unknown>> = {},
): Thread {
  return {
    threadId,
    status: "idle",
    metadata,
    config,
    values: null,
    interrupts: {},
    error: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    stateUpdatedAtMs: nowMs,
    ttl: null,
  };
}

export function createThreadStore(db: Kysely<Database>, dialect: SqlDialect): ThreadStore {
  const threads = createThreadSearch(db, dialect);
  return {
    async get(threadId) {
      const row = await db.selectFrom("threads").selectAll().where("thread_id", "=", threadId).executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    },
    async insert(thread) {
      const result = await db
        .insertInto("threads")
        .values(toRow(thread))
        .onConflict((conflict) => conflict.column("thread_id").doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async setMetadata(threadId, metadata, config, nowMs) {
      const result = await db
        .updateTable("threads")
        .set({ metadata: JSON.stringify(metadata), config: JSON.stringify(config), updated_at: nowMs })
        .where("thread_id", "=", threadId)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async setStatus(threadId, status, nowMs) {
      await db.updateTable("threads").set({ status, updated_at: nowMs }).where("thread_id", "=", threadId).execute();
    },
    async setOutcome(threadId, { status, valuesJson, interrupts, error }, nowMs) {
      await db
        .updateTable("threads")
        .set({
          status,
          updated_at: nowMs,
          ...(valuesJson === undefined ? {} : { values: valuesJson, state_updated_at: nowMs }),
          ...(interrupts === undefined ? {} : { interrupts: JSON.stringify(interrupts) }),
          ...(error === undefined ? {} : { error: error === null ? null : JSON.stringify(error) }),
        })
        .where("thread_id", "=", threadId)
        .execute();
    },
    async setTtl(threadId, ttl) {
      await db
        .updateTable("threads")
        .set({ ttl_minutes: ttl?.minutes ?? null, ttl_strategy: ttl?.strategy ?? null })
        .where("thread_id", "=", threadId)
        .execute();
    },
    async expired(nowMs, limit) {
      const rows = await db
        .selectFrom("threads")
        .selectAll()
        .where("ttl_minutes", "is not", null)
        .where(sql<SqlBool>`ttl_minutes <= (${nowMs} - updated_at) / 60000.0`)
        .where("status", "!=", "busy")
        .where(sql<SqlBool>`(pruned_at is null or pruned_at < updated_at)`)
        .orderBy("updated_at")
        .limit(limit)
        .execute();
      return rows.map(fromRow);
    },
    async markPruned(threadId, nowMs) {
      await db.updateTable("threads").set({ pruned_at: nowMs }).where("thread_id", "=", threadId).execute();
    },
    async delete(threadId) {
      const result = await db.deleteFrom("threads").where("thread_id", "=", threadId).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async search(filter, page) {
      return (await threads.search(filter, page)).map(fromRow);
    },
    count: (filter) => threads.count(filter),
  };
}

function toRow(thread: Thread): ThreadRow {
  return {
    thread_id: thread.threadId,
    status: thread.status,
    metadata: JSON.stringify(thread.metadata),
    config: JSON.stringify(thread.config),
    values: thread.values === null ? null : JSON.stringify(thread.values),
    interrupts: JSON.stringify(thread.interrupts),
    error: thread.error === null ? null : JSON.stringify(thread.error),
    created_at: thread.createdAtMs,
    updated_at: thread.updatedAtMs,
    state_updated_at: thread.stateUpdatedAtMs,
    ttl_minutes: thread.ttl?.minutes ?? null,
    ttl_strategy: thread.ttl?.strategy ?? null,
    pruned_at: null,
  };
}

function fromRow(row: ThreadRow): Thread {
  return {
    threadId: row.thread_id,
    // Only toRow, setStatus and setOutcome write these columns.
    status: row.status as ThreadStatus,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    config: JSON.parse(row.config) as Record<string, unknown>,
    values: row.values === null ? null : JSON.parse(row.values),
    interrupts: JSON.parse(row.interrupts) as Record<string, unknown[]>,
    error: row.error === null ? null : JSON.parse(row.error),
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    stateUpdatedAtMs: row.state_updated_at,
    ttl:
      row.ttl_minutes === null
        ? null
        : { minutes: row.ttl_minutes, strategy: row.ttl_strategy === "keep_latest" ? "keep_latest" : "delete" },
  };
}
