import { statfs } from "node:fs/promises";

import { type TableSummary, mergeSummaries } from "../../../engine/data/profile/summary.ts";
import type { ColumnModelUsage } from "../../../engine/data/steps/model-cells.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { type JobEvent, MAX_REPORTED_FAILURES } from "./events.ts";
import { addFailures, addTransformFailures, writeMetadata } from "./metadata.ts";
import { type Job, describeGroups } from "./open-job.ts";
import type { RowGroupResult, RowGroupTask } from "./row-group.ts";
import { addUsage } from "./usage.ts";

/** Below this many row groups `metadata.json` is written after each one, above at most once a second. */
const MAX_GROUPS_WRITTEN_EACH = 1_000;

/** Rows of an earlier run are summarized again for the profile, not counted again. */
export interface Recorder {
  record(task: RowGroupTask, result: RowGroupResult, isResumed: boolean): Promise<void>;
  /** Writes what is not written yet: row groups, and what models have cost, also when the job has failed. */
  recordRest(): Promise<void>;
  summary(): TableSummary;
}

export interface RecorderOptions {
  readonly folder: string;
  readonly numRecords: number;
  readonly clock: Clock;
  readonly onEvent: (event: JobEvent) => void;
  /** What models have cost in this run. */
  readonly usage: () => readonly ColumnModelUsage[];
}

/** Keeps the book of a job: the metadata, the profile's figures, progress. */
export function createRecorder(job: Job, { folder, numRecords, onEvent, clock, usage }: RecorderOptions): Recorder {
  /** Summaries are put together in the order of the rows, and as soon as their turn comes: a waiting one is large. */
  const waiting = new Map<number, TableSummary>();
  let merged: TableSummary = new Map();
  let nextId = 0;
  const startedAt = clock.now();
  const resumedRows = job.metadata.actual_num_records;
  const earlierUsage = job.metadata.usage;
  let writtenAt = startedAt;
  let reported = 0;
  let isSpaceChecked = false;
  let isBehind = false;
  let writing: Promise<void> = Promise.resolve();

  // One after the other: two writers of one file would overtake each other.
  const write = (): Promise<void> => {
    isBehind = false;
    return (writing = writing.then(() => writeMetadata(folder, job.metadata)));
  };

  return {
    summary: () => merged,
    recordRest: async () => {
      if (usage().length === 0 && !isBehind) return;
      job.metadata = { ...job.metadata, ...addUsage(earlierUsage, usage()) };
      await write();
    },
    record: async (task, result, isResumed) => {
      waiting.set(task.id, result.summary);
      for (let next = waiting.get(nextId); next !== undefined; next = waiting.get(nextId)) {
        merged = mergeSummaries(merged, next);
        waiting.delete(nextId);
        nextId += 1;
      }
      if (isResumed) return;
      const entry = { id: task.id, first_row: task.firstRow, row_count: task.rowCount, num_records: result.rows };
      const processors = Object.keys(job.metadata.file_paths["processor-files"]);
      job.metadata = {
        ...job.metadata,
        ...describeGroups([...job.metadata.row_groups, entry], processors),
        failures: addFailures(job.metadata.failures, result.failures),
        ...addTransformFailures(job.metadata, result.transformFailures),
        ...addUsage(earlierUsage, usage()),
      };
      isBehind = true;
      for (const failure of result.failures.slice(0, MAX_REPORTED_FAILURES - reported)) {
        reported += 1;
        onEvent({ type: "row_failed", ...failure });
      }
      const done = job.metadata.actual_num_records;
      if (done === 0) throw noSurvivor(task, result);
      const now = clock.now();
      const seconds = (now - startedAt) / 1_000;
      const rowsPerSecond = seconds > 0 ? Math.round((done - resumedRows) / seconds) : 0;
      const eta = rowsPerSecond > 0 ? { etaSeconds: Math.ceil((numRecords - done) / rowsPerSecond) } : {};
      const dropped = task.rowCount - result.rows;
      const progress = { rows: result.rows, dropped, done, target: numRecords, rowsPerSecond, ...eta };
      if (job.metadata.total_num_batches <= MAX_GROUPS_WRITTEN_EACH || now - writtenAt >= 1_000) {
        writtenAt = now;
        await write();
      }
      onEvent({ type: "row_group_finished", id: task.id, ...progress });
      if (!isSpaceChecked && result.rows > 0) {
        isSpaceChecked = true;
        await checkSpace(folder, ((numRecords - done) / result.rows) * result.bytes);
      }
    },
  };
}

/** A design whose every row fails would otherwise go on until the bound on refills. */
function noSurvivor(task: RowGroupTask, { failures }: RowGroupResult): ServiceError {
  const [first] = failures;
  const why = first === undefined ? "" : `; column "${first.column}": ${first.kind}: ${first.message}`;
  return new ServiceError("invalid_input", `none of the first ${task.rowCount} rows could be made${why}`);
}

/** Better now than after an hour: the first row group tells how much the others will take. */
async function checkSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (neededBytes <= freeBytes) return;
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576).toLocaleString("en-US")} MiB`;
  throw new ServiceError(
    "storage_failed",
    `the dataset needs about ${mebibytes(neededBytes)} more in ${folder}, ${mebibytes(freeBytes)} are free; free some space and resume`,
  );
}
