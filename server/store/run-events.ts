import { type Kysely, sql } from "kysely";

import { UNFINISHED_STATUSES } from "../runs/run-status.ts";
import type { OwnedRun } from "./run-ownership.ts";
import type { Database } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** Event name and its data as JSON text. */
export type RunEventEntry = readonly [event: string, dataJson: string];

/** Events of one run whose ids follow one another. */
export interface RunEventBatch {
  readonly firstSeq: number;
  readonly entries: readonly RunEventEntry[];
  /** With the last event of a run that is followed from elsewhere: how it ended, as JSON. */
  readonly result?: string;
}

/** What was sent of resumable runs, so that their streams outlive the process. */
export interface RunEventStore {
  /**
   * False, and nothing is added, when the run is not the owner's, or not any more. A batch takes the place of one that begins
   * with the same event.
   */
  append(owned: OwnedRun, batch: RunEventBatch, nowMs: number): Promise<boolean>;
  /** Batches with events after `afterSeq`, in order; empty when none are kept. */
  read(runId: string, afterSeq?: number): Promise<readonly RunEventBatch[]>;
  /** Batches that end before the event `seq`. */
  deleteBefore(runId: string, seq: number): Promise<void>;
  delete(runId: string): Promise<void>;
  /** Events of runs that have ended and were last added to before `beforeMs`. */
  deleteOfEnded(beforeMs: number): Promise<void>;
}

export function createRunEventStore(db: Kysely<Database>, { forShare }: SqlDialect): RunEventStore {
  return {
    async append({ runId, owner }, { firstSeq, entries, result }, nowMs) {
      // Selected values have no type of their own, unlike those of `values`.
      const { numInsertedOrUpdatedRows: added } = await db
        .insertInto("run_events")
        .columns(["run_id", "first_seq", "last_seq", "events", "result", "created_at"])
        .expression((from) =>
          from
            .selectFrom("runs")
            .select([
              "run_id",
              sql<number>`cast(${firstSeq} as integer)`.as("first_seq"),
              sql<number>`cast(${firstSeq + entries.length - 1} as integer)`.as("last_seq"),
              sql<string>`cast(${JSON.stringify(entries.flat())} as text)`.as("events"),
              sql<string | null>`cast(${result ?? null} as text)`.as("result"),
              sql<number>`cast(${nowMs} as bigint)`.as("created_at"),
            ])
            .where("run_id", "=", runId)
            .where("owner", "=", owner)
            .modifyEnd(forShare),
        )
        // A statement that failed may have been done: what it stored is in this batch again.
        .onConflict((conflict) =>
          conflict.columns(["run_id", "first_seq"]).doUpdateSet((update) => ({
            last_seq: update.ref("excluded.last_seq"),
            events: update.ref("excluded.events"),
            result: update.ref("excluded.result"),
            created_at: update.ref("excluded.created_at"),
          })),
        )
        .executeTakeFirst();
      return (added ?? 0n) > 0n;
    },
    async read(runId, afterSeq = -1) {
      const rows = await db
        .selectFrom("run_events")
        .select(["first_seq", "events", "result"])
        .where("run_id", "=", runId)
        .where("last_seq", ">", afterSeq)
        .orderBy("first_seq", "asc")
        .execute();
      return rows.map(({ first_seq: firstSeq, events, result }) => ({
        firstSeq,
        entries: inPairs(events),
        ...(result === null ? {} : { result }),
      }));
    },
    async deleteBefore(runId, seq) {
      await db.deleteFrom("run_events").where("run_id", "=", runId).where("last_seq", "<", seq).execute();
    },
    async delete(runId) {
      await db.deleteFrom("run_events").where("run_id", "=", runId).execute();
    },
    async deleteOfEnded(beforeMs) {
      const unfinished = db.selectFrom("runs").select("run_id").where("status", "in", UNFINISHED_STATUSES);
      const old = db
        .selectFrom("run_events")
        .select("run_id")
        .groupBy("run_id")
        .having((having) => having.fn.max("created_at"), "<", beforeMs);
      await db.deleteFrom("run_events").where("run_id", "in", old).where("run_id", "not in", unfinished).execute();
    },
  };
}

function inPairs(json: string): RunEventEntry[] {
  // Only `append` writes the column.
  const flat = JSON.parse(json) as string[];
  const entries: RunEventEntry[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) entries.push([flat[index] ?? "", flat[index + 1] ?? ""]);
  return entries;
}
