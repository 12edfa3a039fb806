import type { Kysely } from "kysely";

import { UNFINISHED_STATUSES } from "../runs/run-status.ts";
import type { Database } from "./schema.ts";

/** Event name and its data as JSON text. */
export type RunEventEntry = readonly [event: string, dataJson: string];

/** Events of one run whose ids follow one another. */
export interface RunEventBatch {
  readonly firstSeq: number;
  readonly entries: readonly RunEventEntry[];
}

/** What was sent of resumable runs, so that their streams outlive the process. */
export interface RunEventStore {
  append(runId: string, batch: RunEventBatch, nowMs: number): Promise<void>;
  /** In order; empty when nothing is kept. */
  read(runId: string): Promise<readonly RunEventBatch[]>;
  /** Batches that end before the event `seq`. */
  deleteBefore(runId: string, seq: number): Promise<void>;
  delete(runId: string): Promise<void>;
  /** Events of runs that have ended and were last added to before `beforeMs`. */
  deleteOfEnded(beforeMs: number): Promise<void>;
}

export function createRunEventStore(db: Kysely<Database>): RunEventStore {
  return {
    async append(runId, { firstSeq, entries }, nowMs) {
      await db
        .insertInto("run_events")
        .values({
          run_id: runId,
          first_seq: firstSeq,
          last_seq: firstSeq + entries.length - 1,
          events: JSON.stringify(entries.flat()),
          created_at: nowMs,
        })
        .execute();
    },
    async read(runId) {
      const rows = await db
        .selectFrom("run_events")
        .select(["first_seq", "events"])
        .where("run_id", "=", runId)
        .orderBy("first_seq", "asc")
        .execute();
      return rows.map(({ first_seq: firstSeq, events }) => ({ firstSeq, entries: inPairs(events) }));
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
