import type { GenerationEvent } from "../../../engine/data/generation-events.ts";
import type { DatasetProfile } from "../../../engine/data/profile/profile.ts";
import type { ColumnModelUsage } from "../../../engine/data/steps/model-cells.ts";
import { type Clock, systemClock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { type GenerationServices, checkServices } from "../generation-services.ts";
import type { JobEvent } from "./events.ts";
import { finishJob } from "./finish-job.ts";
import { checkRecordCount, nextGroups } from "./groups.ts";
import type { Metadata, RowGroupEntry } from "./metadata.ts";
import { ASKING_ROW_GROUP_SIZE, DEFAULT_ROW_GROUP_SIZE, type Job, type OpenJobOptions, openJob } from "./open-job.ts";
import { asksServices } from "./asks-services.ts";
import { createRecorder } from "./recorder.ts";
import { runAll, startRunner } from "./runner.ts";

export interface DatasetJobOptions extends OpenJobOptions {
  /** Threads; as many as processors when left out, none for a single row group or when models are asked. */
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
 * `builder_config.json`, `analysis.json` and a card, `README.md`. The design must have no errors; `numRecords` is 1 to 100 million. Finished
 * row groups stay when the job fails, is cancelled or killed, and a later run with `resume` goes on after them. Throws
 * `invalid_input`, `not_supported`, `conflict` (the folder holds another job), `storage_failed`, `model_failed` (an endpoint is down, or
 * refuses most requests), or the reason of the signal; once it has begun, `run_finished` is told in any case.
 */
export async function runDatasetJob(options: DatasetJobOptions): Promise<DatasetJobResult> {
  const { design, numRecords, signal, services, onEvent = () => undefined } = options;
  checkRecordCount(numRecords);
  signal?.throwIfAborted();
  const [wrong] = services === undefined ? [] : checkServices(design, services);
  if (wrong !== undefined) {
    const where = wrong.column === null ? "" : `column "${wrong.column}": `;
    throw new ServiceError("invalid_input", `${where}${wrong.message}`);
  }
  const isAsking = services !== undefined && asksServices(design, services);
  const job = await openJob({
    ...options,
    defaultRowGroupSize: isAsking ? ASKING_ROW_GROUP_SIZE : DEFAULT_ROW_GROUP_SIZE,
  });
  const finish = (status: "completed" | "error" | "cancelled"): void =>
    onEvent({ type: "run_finished", status, target: numRecords, actual: job.metadata.actual_num_records });
  try {
    const profile = await generate(job, { ...options, onEvent });
    finish("completed");
    return { metadata: job.metadata, profile };
  } catch (error) {
    finish(signal?.aborted === true ? "cancelled" : "error");
    throw signal?.aborted === true ? (signal.reason as Error) : error;
  }
}

type GenerateOptions = DatasetJobOptions & Required<Pick<DatasetJobOptions, "onEvent">>;

async function generate(job: Job, options: GenerateOptions): Promise<DatasetProfile> {
  const { folder, numRecords, refill = true, onEvent, signal, clock = systemClock } = options;
  const { buffer_size: groupSize, actual_num_records: resumedRows } = job.metadata;
  const resumed = new Map(job.metadata.row_groups.map((entry) => [entry.id, entry]));
  onEvent({
    type: "run_started",
    configHash: job.metadata.config_hash,
    target: numRecords,
    columns: job.columns,
    resumedRows,
  });
  const onGeneration = (event: GenerationEvent): void => onEvent(inWholeJob(event, resumedRows, numRecords));
  await using runner = await startRunner({ ...options, onEvent: onGeneration }, Math.ceil(numRecords / groupSize));
  if (runner.models !== undefined) job.metadata = withTextModel(job.metadata, runner.models.label);
  if (runner.embeddings !== undefined) job.metadata = withEmbeddingModel(job.metadata, runner.embeddings.label);
  const profilerUsage: ColumnModelUsage[] = [];
  const usage = (): readonly ColumnModelUsage[] => [
    ...(runner.models?.usage() ?? []),
    ...(runner.embeddings?.usage() ?? []),
    ...profilerUsage,
  ];
  const recorder = createRecorder(job, { folder, numRecords, onEvent, clock, usage });
  const finished: RowGroupEntry[] = [];
  try {
    for (;;) {
      const tasks = nextGroups(finished, { numRecords, groupSize, isRefilled: refill });
      if (tasks.length === 0) break;
      await runAll(tasks, runner, signal, async (task, ending) => {
        const isThere = resumed.get(task.id)?.first_row === task.firstRow;
        if (!isThere) onEvent({ type: "row_group_started", id: task.id, rows: task.rowCount });
        const result = await runner.run(isThere ? { ...task, kind: "summarize" } : task, { signal: ending });
        finished.push({ id: task.id, first_row: task.firstRow, row_count: task.rowCount, num_records: result.rows });
        await recorder.record(task, result, isThere);
      });
    }
  } catch (error) {
    // What is finished and what was paid for counts, whatever came out; the failure of the job is what is told.
    await recorder.recordRest().catch(() => undefined);
    throw error;
  }
  return finishJob(job, { ...options, recorder, onUsage: (used) => profilerUsage.push(...used) });
}

/** Counts of a column are of this run; a reader wants them of the dataset. */
function inWholeJob(event: GenerationEvent, resumedRows: number, numRecords: number): GenerationEvent {
  if (event.type !== "column_progress") return event;
  const total = Math.max(numRecords, event.total + resumedRows);
  return { ...event, done: event.done + resumedRows, total };
}

/** A dataset that was begun with another model names both. */
function withTextModel(metadata: Metadata, label: string): Metadata {
  return { ...metadata, text_model: joinLabels(metadata, metadata.text_model, label) };
}

function withEmbeddingModel(metadata: Metadata, label: string): Metadata {
  return { ...metadata, embedding_model: joinLabels(metadata, metadata.embedding_model ?? null, label) };
}

function joinLabels({ row_groups: groups }: Metadata, before: string | null, label: string): string {
  const isMixed = before !== null && groups.length > 0 && !before.split("; ").includes(label);
  return isMixed ? `${before}; ${label}` : label;
}
