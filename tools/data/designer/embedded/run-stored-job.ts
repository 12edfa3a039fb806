import path from "node:path";

import type { Clock } from "../../../../lib/clock.ts";
import { ERROR_CODES, ServiceError, errorMessage } from "../../../../lib/errors.ts";
import type { Log } from "../../../../lib/log.ts";
import { readMetadata } from "../../dataset-job/metadata.ts";
import { type ReadDesignOptions, hashTable, readDesignInput } from "../../design-input.ts";
import type { GenerationServices } from "../../generation-services.ts";
import { type EventRecorder, createEventRecorder } from "./event-recorder.ts";
import { type JobRow, readSeed } from "./job-row.ts";
import type { JobStore } from "./job-store.ts";

/** Why a running job is stopped: it is the reason of the signal. */
export class JobStop extends Error {
  /** `cancel`: a person asked for it. `close`: the process ends, the job is to go on later. */
  readonly kind: "cancel" | "close";

  constructor(kind: JobStop["kind"]) {
    super(kind === "cancel" ? "the job is cancelled" : "the process that works on the job ends");
    this.name = "JobStop";
    this.kind = kind;
  }
}

export interface RunStoredJobOptions extends Omit<ReadDesignOptions, "config"> {
  readonly store: JobStore;
  /** Holds one folder for each job. */
  readonly datasetsFolder: string;
  readonly services: GenerationServices;
  readonly clock: Clock;
  readonly log: Log;
  readonly workerCount?: number;
  readonly onStored: () => void;
}

/**
 * Makes a pending job active and works on it until it is completed, has failed or the signal stops it; goes on after the row
 * groups that an earlier run finished. How it ended is in the store.
 */
export async function runStoredJob(
  options: RunStoredJobOptions,
  id: string,
  signal: AbortSignal,
  onRecorder: (recorder: EventRecorder) => void,
): Promise<void> {
  const { store, log } = options;
  const row = store.begin(id);
  // Cancelled or deleted in the moment before.
  if (row === undefined) return;
  options.onStored();
  log.info({ job_id: id, rows: row.num_records }, "dataset job started");
  try {
    await generate(options, row, signal, onRecorder);
    signal.throwIfAborted();
    store.move(id, "completed");
    log.info({ job_id: id, rows: row.num_records }, "dataset job completed");
  } catch (error) {
    end(options, row, signal, error);
  }
  options.onStored();
}

async function generate(
  options: RunStoredJobOptions,
  row: JobRow,
  signal: AbortSignal,
  onRecorder: (recorder: EventRecorder) => void,
): Promise<void> {
  const { store, datasetsFolder, services, clock, workerCount, onStored, seedFolder, check } = options;
  const folder = path.join(datasetsFolder, row.id);
  const before = await readMetadata(folder);
  const recorder = createEventRecorder({
    store,
    row,
    clock,
    onStored,
    failedRows: countDropped(before),
    inputTokens: row.input_tokens ?? 0,
    outputTokens: row.output_tokens ?? 0,
  });
  onRecorder(recorder);
  const config: unknown = JSON.parse(row.config);
  const { design, seedRows } = await readDesignInput({ config, seedFolder, ...(check === undefined ? {} : { check }) });
  if (seedRows !== undefined && hashTable(seedRows) !== row.seed_rows_hash) {
    throw new ServiceError("invalid_input", "the seed file has changed since the job was created; create a new job");
  }
  // Loaded with the first job.
  const { runDatasetJob } = await import("../../dataset-job/run-job.ts");
  const { metadata } = await runDatasetJob({
    design,
    datasetName: row.name,
    folder,
    numRecords: row.num_records,
    seed: readSeed(row),
    rowGroupSize: row.row_group_size,
    resume: true,
    services,
    signal,
    clock,
    onEvent: (event) => recorder.record(event),
    ...(seedRows === undefined ? {} : { seedRows }),
    ...(workerCount === undefined ? {} : { workerCount }),
  });
  const { actual_num_records: rows, text_model: textModel } = metadata;
  const done = { done_rows: rows, failed_rows: countDropped(metadata), text_model: textModel };
  store.tell(row.id, done, () => undefined);
}

function countDropped(metadata: Awaited<ReturnType<typeof readMetadata>>): number {
  return (metadata?.row_groups ?? []).reduce((sum, group) => sum + group.row_count - group.num_records, 0);
}

function end({ store, log }: RunStoredJobOptions, { id }: JobRow, signal: AbortSignal, error: unknown): void {
  const { reason } = signal as { readonly reason: unknown };
  // The job may have been cancelled by another process, which wrote so and could not abort what runs here.
  const isCancelled = store.get(id)?.status === "cancelling";
  if (isCancelled || (reason instanceof JobStop && reason.kind === "cancel")) {
    if (!isCancelled) store.move(id, "cancelling");
    store.move(id, "cancelled");
    log.info({ job_id: id }, "dataset job cancelled");
  } else if (reason instanceof JobStop) {
    store.move(id, "pending");
    log.info({ job_id: id }, "dataset job stopped, to go on later");
  } else {
    const code = error instanceof ServiceError ? error.code : null;
    const goesOn = code !== null && ERROR_CODES[code].retryable;
    const remedy = goesOn ? "; what is finished is kept, resume the job to go on" : "";
    store.move(id, "error", { message: `${errorMessage(error)}${remedy}`, code });
    log.error({ job_id: id, err: error }, "dataset job failed");
  }
}
