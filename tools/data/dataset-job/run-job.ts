import { rm, statfs } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";

import { type DatasetProfile, buildProfile } from "../../../engine/data/profile/profile.ts";
import { type TableSummary, mergeSummaries } from "../../../engine/data/profile/summary.ts";
import { type Clock, systemClock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { GenerationServices } from "../generation-services.ts";
import { writeFileAtomically } from "../writers/atomic-file.ts";
import { type JobEvent, MAX_REPORTED_FAILURES } from "./events.ts";
import { checkRecordCount, nextGroups } from "./groups.ts";
import { type Metadata, PARTIAL_FOLDER, type RowGroupEntry, addFailures, writeMetadata } from "./metadata.ts";
import { DEFAULT_ROW_GROUP_SIZE, type Job, type OpenJobOptions, describeGroups, openJob } from "./open-job.ts";
import { prepareRowGroups } from "./prepare.ts";
import type { RowGroupResult, RowGroupTask, RunRowGroup } from "./row-group.ts";
import { createWorkerPool } from "./worker-pool.ts";

const MAX_WORKERS = 8;
/** Below this many row groups `metadata.json` is written after each one, above at most once a second. */
const MAX_GROUPS_WRITTEN_EACH = 1_000;

export interface DatasetJobOptions extends OpenJobOptions {
  /** Threads; as many as processors when left out, none for a single row group. */
  readonly workerCount?: number;
  /** Makes new rows for dropped ones, so that exactly `numRecords` come out; on when left out. */
  readonly refill?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: JobEvent) => void;
  readonly clock?: Clock;
  /** What is asked outside of the engine, such as models; without them the offline text model writes their columns. */
  readonly services?: GenerationServices;
}

export interface DatasetJobResult {
  readonly metadata: Metadata;
  readonly profile: DatasetProfile;
}

/**
 * Generates a dataset into an artifacts folder: one Parquet file for each row group, `metadata.json`,
 * `builder_config.json` and `analysis.json`. The design must have no errors; `numRecords` is 1 to 100 million. Finished
 * row groups stay when the job fails, is cancelled or killed, and a later run with `resume` goes on after them. Throws
 * `invalid_input`, `not_supported`, `conflict` (the folder holds another job), `storage_failed`, or the reason of the
 * signal; once it has begun, `run_finished` is told in any case.
 */
export async function runDatasetJob(options: DatasetJobOptions): Promise<DatasetJobResult> {
  const { numRecords, signal, onEvent = () => undefined } = options;
  checkRecordCount(numRecords);
  signal?.throwIfAborted();
  const job = await openJob(options);
  const finish = (status: "completed" | "error" | "cancelled"): void =>
    onEvent({ type: "run_finished", status, target: numRecords, actual: job.metadata.actual_num_records });
  try {
    const profile = await generate(job, options);
    finish("completed");
    return { metadata: job.metadata, profile };
  } catch (error) {
    finish(signal?.aborted === true ? "cancelled" : "error");
    throw signal?.aborted === true ? (signal.reason as Error) : error;
  }
}

async function generate(job: Job, options: DatasetJobOptions): Promise<DatasetProfile> {
  const { design, folder, numRecords, refill = true, rowGroupSize = DEFAULT_ROW_GROUP_SIZE, onEvent } = options;
  const recorder = createRecorder(job, options);
  const resumed = new Map(job.metadata.row_groups.map((entry) => [entry.id, entry]));
  onEvent?.({
    type: "run_started",
    configHash: job.metadata.config_hash,
    target: numRecords,
    columns: job.columns,
    resumedRows: job.metadata.actual_num_records,
  });
  await using runner = await startRunner(options, Math.ceil(numRecords / rowGroupSize));
  const finished: RowGroupEntry[] = [];
  for (;;) {
    const tasks = nextGroups(finished, { numRecords, groupSize: rowGroupSize, isRefilled: refill });
    if (tasks.length === 0) break;
    await runAll(tasks, runner, options.signal, async (task) => {
      const isThere = resumed.get(task.id)?.first_row === task.firstRow;
      if (!isThere) onEvent?.({ type: "row_group_started", id: task.id, rows: task.rowCount });
      const result = await runner.run(isThere ? { ...task, kind: "summarize" } : task);
      options.signal?.throwIfAborted();
      finished.push({ id: task.id, first_row: task.firstRow, row_count: task.rowCount, num_records: result.rows });
      await recorder.record(task, result, isThere);
    });
  }
  return finishJob(job, { folder, design, numRecords, recorder, onEvent });
}

/** Rows of an earlier run are summarized again for the profile, not counted again. */
interface Recorder {
  record(task: RowGroupTask, result: RowGroupResult, isResumed: boolean): Promise<void>;
  summary(): TableSummary;
}

function createRecorder(job: Job, { folder, numRecords, onEvent, clock = systemClock }: DatasetJobOptions): Recorder {
  /** Summaries are put together in the order of the rows, and as soon as their turn comes: a waiting one is large. */
  const waiting = new Map<number, TableSummary>();
  let merged: TableSummary = new Map();
  let nextId = 0;
  const startedAt = clock.now();
  const resumedRows = job.metadata.actual_num_records;
  let writtenAt = startedAt;
  let reported = 0;
  let isSpaceChecked = false;
  let writing: Promise<void> = Promise.resolve();
  return {
    summary: () => merged,
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
      };
      for (const failure of result.failures.slice(0, MAX_REPORTED_FAILURES - reported)) {
        reported += 1;
        onEvent?.({ type: "row_failed", ...failure });
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
        // One after the other: two writers of one file would overtake each other.
        writing = writing.then(() => writeMetadata(folder, job.metadata));
        await writing;
      }
      onEvent?.({ type: "row_group_finished", id: task.id, ...progress });
      if (!isSpaceChecked) {
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

interface Runner extends AsyncDisposable {
  readonly run: RunRowGroup;
  readonly size: number;
  /** Ends what the threads are doing; the row group of this thread, if any, comes to its end. */
  stop(): Promise<void>;
}

/** Threads cost a third of a second to start: a single row group is made in this one. */
async function startRunner(options: DatasetJobOptions, groupCount: number): Promise<Runner> {
  const { design, seed, seedRows, folder, workerCount = Math.min(availableParallelism(), MAX_WORKERS) } = options;
  const setup = { design, seed, folder, ...(seedRows === undefined ? {} : { seedRows }) };
  const size = Math.min(workerCount, groupCount);
  if (size <= 1) {
    const stop = (): Promise<void> => Promise.resolve();
    return { run: await prepareRowGroups(setup), size: 1, stop, [Symbol.asyncDispose]: stop };
  }
  const pool = createWorkerPool(setup, size);
  const stop = (): Promise<void> => pool.close();
  return { run: pool.run, size, stop, [Symbol.asyncDispose]: stop };
}

/** Runs as many tasks at once as there are threads, in order. After a failure or an abort no further one is begun. */
async function runAll(
  tasks: readonly RowGroupTask[],
  runner: Runner,
  signal: AbortSignal | undefined,
  run: (task: RowGroupTask) => Promise<void>,
): Promise<void> {
  const iterator = tasks.values();
  let hasFailed = false;
  const onAbort = (): void => void runner.stop();
  const lane = async (): Promise<void> => {
    for (const task of iterator) {
      if (hasFailed) return;
      signal?.throwIfAborted();
      try {
        await run(task);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    // All lanes come to an end before the first failure is told: nobody writes into the folder afterwards.
    const lanes = await Promise.allSettled(Array.from({ length: runner.size }, lane));
    const failed = lanes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

interface FinishOptions extends Pick<DatasetJobOptions, "folder" | "design" | "numRecords" | "onEvent"> {
  readonly recorder: Recorder;
}

async function finishJob(job: Job, options: FinishOptions): Promise<DatasetProfile> {
  const { folder, design, numRecords, recorder, onEvent } = options;
  const { actual_num_records: actual, row_groups: groups } = job.metadata;
  if (actual < numRecords) {
    const made = groups.reduce((sum, group) => sum + group.row_count, 0);
    const [most] = job.metadata.failures.toSorted((left, right) => right.count - left.count);
    const why = most === undefined ? "" : `; most often column "${most.column}" failed: ${most.kind}`;
    const message = `generated ${actual} of ${numRecords} rows: ${made - actual} of ${made} were dropped${why}`;
    onEvent?.({ type: "log", level: "warning", message });
  }
  const profile = buildProfile({
    design,
    summary: recorder.summary(),
    columnNames: job.columns,
    sideEffectColumns: job.sideEffects,
    targetNumRecords: numRecords,
  });
  await writeFileAtomically(path.join(folder, "analysis.json"), `${JSON.stringify(profile, null, 2)}\n`);
  job.metadata = { ...job.metadata, total_num_batches: groups.length, post_generation_state: "completed" };
  await writeMetadata(folder, job.metadata);
  await rm(path.join(folder, PARTIAL_FOLDER), { recursive: true, force: true });
  onEvent?.({ type: "analysis", profile });
  return profile;
}
