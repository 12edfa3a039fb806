import { type Kysely, sql } from "kysely";

import { UNFINISHED_STATUSES } from "../runs/run-status.ts";
import type { OwnedRun } from "./run-ownership.ts";
import type { Database } from "./schema.ts";

/** Events of one thread whose numbers rise, as one text. */
export interface ThreadEventBatch {
  /** Number of the newest event stored before these; 0 when there is none. */
  readonly afterSeq: number;
  readonly lastSeq: number;
  readonly events: string;
}

/** What the thread-centric protocol has sent, so that it outlives the process and is read by others on the database. */
export interface ThreadEventStore {
  /**
   * False, with nothing stored, when `afterSeq` is not the newest number: another process has written to the thread, or what
   * it had was swept. So two processes never use a number twice, and a batch that is seen has all of its predecessors. The
   * same when `owned` is given and the run is not that owner's, or not any more.
   */
  append(threadId: string, batch: ThreadEventBatch, nowMs: number, owned?: OwnedRun): Promise<boolean>;
  isOwned(owned: OwnedRun): Promise<boolean>;
  /** Batches with events after `seq`, in order. */
  read(threadId: string, seq: number): Promise<readonly ThreadEventBatch[]>;
  /** Number of the newest stored event of each thread that has one. */
  newest(threadIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Batches that end before the event `seq`. */
  deleteBefore(threadId: string, seq: number): Promise<void>;
  deleteOfThread(threadId: string): Promise<void>;
  /**
   * Events of at most `limit` threads without an unfinished run that were last added to before `beforeMs`. Returns how many
   * threads there were.
   */
  sweep(beforeMs: number, limit: number): Promise<number>;
}

function ownedRun({ runId, owner }: OwnedRun) {
  return sql`select run_id from runs where run_id = ${runId} and owner = ${owner}`;
}

export function createThreadEventStore(db: Kysely<Database>): ThreadEventStore {
  return {
    async append(threadId, { afterSeq, lastSeq, events }, nowMs, owned) {
      // One statement. Of two that find the same newest number, the key lets one in. Parameters of a `select` have no type
      // of their own on Postgres. The run need not be held: what its next owner stores comes behind this, or keeps it out.
      const { numAffectedRows } = await sql`
        insert into thread_events (thread_id, after_seq, last_seq, events, created_at)
        select cast(${threadId} as text), cast(${afterSeq} as bigint), cast(${lastSeq} as bigint),
          cast(${events} as text), cast(${nowMs} as bigint)
        where ${afterSeq} = coalesce(
          (select last_seq from thread_events where thread_id = ${threadId} order by after_seq desc limit 1), 0)
          and ${owned === undefined ? sql`1 = 1` : sql`exists (${ownedRun(owned)})`}
        on conflict do nothing`.execute(db);
      return numAffectedRows === 1n;
    },
    async isOwned(owned) {
      return (await ownedRun(owned).execute(db)).rows.length > 0;
    },
    async read(threadId, seq) {
      const rows = await db
        .selectFrom("thread_events")
        .select(["after_seq", "last_seq", "events"])
        .where("thread_id", "=", threadId)
        .where("last_seq", ">", seq)
        .orderBy("after_seq", "asc")
        .execute();
      return rows.map((row) => ({ afterSeq: row.after_seq, lastSeq: row.last_seq, events: row.events }));
    },
    async newest(threadIds) {
      if (threadIds.length === 0) return new Map();
      const rows = await db
        .selectFrom("thread_events")
        .select(["thread_id", ({ fn }) => fn.max("last_seq").as("last_seq")])
        .where("thread_id", "in", threadIds)
        .groupBy("thread_id")
        .execute();
      return new Map(rows.map((row) => [row.thread_id, row.last_seq]));
    },
    async deleteBefore(threadId, seq) {
      await db
        .deleteFrom("thread_events")
        .where("thread_id", "=", threadId)
        // Says the same as the next line, in terms of the key.
        .where("after_seq", "<", seq)
        .where("last_seq", "<", seq)
        .execute();
    },
    async deleteOfThread(threadId) {
      await db.deleteFrom("thread_events").where("thread_id", "=", threadId).execute();
    },
    async sweep(beforeMs, limit) {
      const unfinished = db.selectFrom("runs").select("thread_id").where("status", "in", UNFINISHED_STATUSES);
      const recent = db.selectFrom("thread_events").select("thread_id").where("created_at", ">=", beforeMs);
      const rows = await db
        .selectFrom("thread_events")
        .select("thread_id")
        .distinct()
        .where("created_at", "<", beforeMs)
        .where("thread_id", "not in", recent)
        .where("thread_id", "not in", unfinished)
        .limit(limit)
        .execute();
      const threadIds = rows.map((row) => row.thread_id);
      if (threadIds.length === 0) return 0;
      await db
        .deleteFrom("thread_events")
        .where("thread_id", "in", threadIds)
        .where("created_at", "<", beforeMs)
        .execute();
      return threadIds.length;
    },
  };
}
