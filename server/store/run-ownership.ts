import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from "kysely";

import { type RunStatus, UNFINISHED_STATUSES } from "../runs/run-status.ts";
import { type Run, type StopRequest, fromRow } from "./run-row.ts";
import type { Database, RunRow } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

export interface OwnedRun {
  readonly runId: string;
  readonly owner: string;
}

/** What others want of a run's owner. */
export interface RunNotice extends Pick<Run, "stopRequested"> {
  /** From another process: events and result are to be stored for it. */
  readonly isFollowed: boolean;
}

export interface RunProgress {
  readonly runId: string;
  readonly status: RunStatus;
  readonly owner: string | null;
  /** Id of the last stored event; -1 before the first. */
  readonly lastSeq: number;
}

/**
 * Who executes which run. The rows are the queue: a run is accepted and queued in one commit. Whatever an owner writes of
 * its run is refused once the run is another's, so a process that was thought dead and comes back does no harm.
 */
export interface RunOwnershipStore {
  /** Undefined when the run is not the owner's, or not any more: then nothing is changed. */
  setStatus(owned: OwnedRun, status: RunStatus, attempt: number, nowMs: number): Promise<RunNotice | undefined>;
  /** Deletes the run if it is the owner's and not followed; false when it is not. */
  deleteUnfollowed(owned: OwnedRun): Promise<boolean>;
  /** Leaves unfinished runs to whoever claims them; those that were being executed wait again. */
  release(runIds: readonly string[], owner: string): Promise<void>;
  /** Gives the owner every unfinished run, whoever had it, the begun ones first. For a store that nobody else uses. */
  claimAll(owner: string): Promise<readonly Run[]>;
  /**
   * Runs that nobody has and whose turn it is, in the order in which they are to be executed, at most `limit`. Within a
   * transaction no other process gets them until it ends; they are to be asked for again by `claim`, which sees what changed
   * meanwhile.
   */
  lockClaimable(nowMs: number, limit: number): Promise<readonly string[]>;
  /** Gives the owner those of the runs that are still claimable, in order. They are `pending`, also if they had been begun. */
  claim(runIds: readonly string[], owner: string, nowMs: number): Promise<readonly Run[]>;
  /** Remembers that a process follows a run that it does not execute; undefined when the run has ended. */
  follow(runId: string, follower: string): Promise<Run | undefined>;
  /** The owner's unfinished runs that are to be stopped, or are followed. */
  noticesFor(owner: string): Promise<readonly (RunNotice & { readonly runId: string })[]>;
  /** Ids of the owner's unfinished runs. */
  ownedBy(owner: string): Promise<readonly string[]>;
  /** How these runs stand, for those who follow them; runs that are gone are left out. */
  progressOf(runIds: readonly string[]): Promise<readonly RunProgress[]>;
}

export function createRunOwnershipStore(db: Kysely<Database>, dialect: SqlDialect): RunOwnershipStore {
  return {
    async setStatus({ runId, owner }, status, attempt, nowMs) {
      const row = await db
        .updateTable("runs")
        .set({ status, attempt, updated_at: nowMs })
        .where("run_id", "=", runId)
        .where("owner", "=", owner)
        .returning(NOTICE)
        .executeTakeFirst();
      return row === undefined ? undefined : toNotice(row);
    },
    async deleteUnfollowed({ runId, owner }) {
      const { numDeletedRows } = await db
        .deleteFrom("runs")
        .where("run_id", "=", runId)
        .where("owner", "=", owner)
        .where("followed_by", "is", null)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
    async release(runIds, owner) {
      if (runIds.length === 0) return;
      await db
        .updateTable("runs")
        .set({ owner: null, status: PENDING })
        .where("run_id", "in", runIds)
        .where("owner", "=", owner)
        .where("status", "in", UNFINISHED_STATUSES)
        .execute();
    },
    async claimAll(owner) {
      const rows = await db
        .updateTable("runs")
        .set({ owner, status: PENDING })
        .where("status", "in", UNFINISHED_STATUSES)
        .returningAll()
        .execute();
      // One that was being executed goes before those that waited for it, whatever their delays were.
      const rank = ({ attempt }: RunRow): number => (attempt > 0 ? 0 : 1);
      return rows.sort((left, right) => rank(left) - rank(right) || left.seq - right.seq).map(fromRow);
    },
    async lockClaimable(nowMs, limit) {
      const rows = await dialect.lockRuns(
        db,
        db
          .selectFrom("runs as r")
          .select(["r.run_id", "r.thread_id"])
          .where((where) => isClaimable(where, nowMs))
          .orderBy(rankOf("r"))
          .orderBy("r.seq")
          .limit(limit),
      );
      return rows.map(({ run_id: runId }) => runId);
    },
    async claim(runIds, owner, nowMs) {
      if (runIds.length === 0) return [];
      const rows = await db
        .updateTable("runs as r")
        // Who followed the run and has it now needs nothing stored.
        .set({ owner, status: PENDING, followed_by: sql`nullif(followed_by, cast(${owner} as text))` })
        .where("r.run_id", "in", runIds)
        .where((where) => isClaimable(where, nowMs))
        .returningAll()
        .execute();
      return rows.sort((left, right) => left.seq - right.seq).map(fromRow);
    },
    async follow(runId, follower) {
      const row = await db
        .updateTable("runs")
        .set({
          followed_by: sql`case when followed_by is null or followed_by = ${follower} then cast(${follower} as text) else '*' end`,
        })
        .where("run_id", "=", runId)
        .where("status", "in", UNFINISHED_STATUSES)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    },
    async noticesFor(owner) {
      const rows = await db
        .selectFrom("runs")
        .select(["run_id", ...NOTICE])
        .where("owner", "=", owner)
        .where("status", "in", UNFINISHED_STATUSES)
        .where((where) => where.or([where("stop_requested", "is not", null), where("followed_by", "is not", null)]))
        .execute();
      return rows.map((row) => ({ runId: row.run_id, ...toNotice(row) }));
    },
    async ownedBy(owner) {
      const rows = await db
        .selectFrom("runs")
        .select("run_id")
        .where("owner", "=", owner)
        .where("status", "in", UNFINISHED_STATUSES)
        .execute();
      return rows.map(({ run_id: runId }) => runId);
    },
    async progressOf(runIds) {
      if (runIds.length === 0) return [];
      const rows = await db
        .selectFrom("runs")
        .select(["run_id", "status", "owner"])
        .select((select) =>
          select
            .selectFrom("run_events")
            .whereRef("run_events.run_id", "=", "runs.run_id")
            .select((inner) => inner.fn.max("last_seq").as("last"))
            .as("last_seq"),
        )
        .where("run_id", "in", runIds)
        .execute();
      return rows.map(({ run_id: runId, status, owner, last_seq: lastSeq }) => ({
        runId,
        // Only the run store writes the column.
        status: status as RunStatus,
        owner,
        lastSeq: lastSeq ?? -1,
      }));
    },
  };
}

const PENDING: RunStatus = "pending";
const NOTICE = ["stop_requested", "followed_by"] as const;

function toNotice(row: Pick<RunRow, (typeof NOTICE)[number]>): RunNotice {
  return { stopRequested: row.stop_requested as StopRequest | null, isFollowed: row.followed_by !== null };
}

/** One that was begun goes before those of its thread that waited for it, whatever their delays were. */
const rankOf = (table: "r" | "e") => sql<number>`case when ${sql.ref(`${table}.attempt`)} > 0 then 0 else 1 end`;

/** One that was not to wait is due at once, also where the clock is behind that of the process which accepted it. */
const isDue = (table: "r" | "e", nowMs: number) =>
  sql<SqlBool>`(${sql.ref(`${table}.start_at`)} <= ${nowMs}
    or ${sql.ref(`${table}.start_at`)} <= ${sql.ref(`${table}.created_at`)})`;

type RunExpressions = ExpressionBuilder<Database & { r: Database["runs"] }, "r">;

/**
 * Nobody has it, its time has come, and no other run of its thread is under way or goes before it. One that is to be stopped
 * need not wait for that.
 */
function isClaimable(where: RunExpressions, nowMs: number): Expression<SqlBool> {
  const goesBefore = where.exists(
    where
      .selectFrom("runs as e")
      .select("e.run_id")
      .whereRef("e.thread_id", "=", "r.thread_id")
      .whereRef("e.run_id", "<>", "r.run_id")
      .where("e.status", "in", UNFINISHED_STATUSES)
      .where((other) =>
        other.or([
          other("e.owner", "is not", null),
          sql<SqlBool>`${rankOf("e")} < ${rankOf("r")}`,
          other.and([
            sql<SqlBool>`${rankOf("e")} = ${rankOf("r")}`,
            other("e.seq", "<", other.ref("r.seq")),
            isDue("e", nowMs),
          ]),
        ]),
      ),
  );
  return where.and([
    where("r.owner", "is", null),
    where("r.status", "in", UNFINISHED_STATUSES),
    where.or([
      where("r.stop_requested", "is not", null),
      where.and([where.or([isDue("r", nowMs), where("r.attempt", ">", 0)]), where.not(goesBefore)]),
    ]),
  ]);
}
