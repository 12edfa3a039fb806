import { z } from "zod";

import type { JsonValue } from "../../../engine/data/table.ts";

/**
 * What makes datasets: the built-in engine, or a NeMo Data Designer service. Both take the open-source config
 * (`engine/data/design`); translating it for a service happens in that service's adapter and nowhere else.
 */

/** Statuses of the NeMo jobs API. Source: NeMo Data Designer API 1.4.0, `PlatformJobStatus`. */
export const JOB_STATUSES = [
  "created",
  "pending",
  "active",
  "cancelled",
  "cancelling",
  "error",
  "completed",
  "paused",
  "pausing",
  "resuming",
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export function hasEnded(status: JobStatus): boolean {
  return status === "completed" || status === "error" || status === "cancelled";
}

/** How far a job is. Figures that the backend does not report are null. */
export const JobProgress = z.object({
  /** Rises with every change, so that a reader can ask for what is newer. */
  version: z.number().int(),
  rows: z.number().int().nullable(),
  target: z.number().int(),
  rowsPerSecond: z.number().nullable(),
  etaSeconds: z.number().nullable(),
  /** Rows that were dropped because a cell could not be made. */
  failedRows: z.number().int().nullable(),
  inputTokens: z.number().int().nullable(),
  outputTokens: z.number().int().nullable(),
});
export type JobProgress = z.infer<typeof JobProgress>;

export interface JobRequest {
  /** A config as its author wrote it; checked by the backend before anything is stored. */
  readonly config: unknown;
  readonly numRecords: number;
  readonly name?: string;
  readonly description?: string | null;
  readonly project?: string | null;
  readonly namespace?: string | null;
  readonly ownership?: Readonly<Record<string, JsonValue>> | null;
  readonly customFields?: Readonly<Record<string, JsonValue>> | null;
  /** Same seed, same rows. Drawn, and told in the job, when left out. Only the built-in engine has one. */
  readonly seed?: number | string;
  readonly rowGroupSize?: number;
  /** A second request with the same key answers the job of the first and starts nothing. */
  readonly idempotencyKey?: string;
}

/** A dataset has the id of the job that makes it. Times are ISO 8601 in UTC. */
export interface DesignJob {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly project: string | null;
  readonly namespace: string | null;
  readonly ownership: Readonly<Record<string, JsonValue>> | null;
  readonly customFields: Readonly<Record<string, JsonValue>> | null;
  /** As it was given. */
  readonly config: unknown;
  readonly numRecords: number;
  readonly seed: number | string | null;
  readonly status: JobStatus;
  readonly statusDetails: Readonly<Record<string, JsonValue>>;
  /** `{message, code?}` for a job that failed. */
  readonly errorDetails: Readonly<Record<string, JsonValue>> | null;
  readonly progress: JobProgress;
  /** Who wrote the columns of models; null when there are none or it is not known. */
  readonly textModel: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const JOB_SORTS = ["created_at", "-created_at", "updated_at", "-updated_at"] as const;
export type JobSort = (typeof JOB_SORTS)[number];

export interface JobListQuery {
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  readonly sort: JobSort;
  readonly status?: JobStatus;
}

export interface JobPage {
  readonly jobs: readonly DesignJob[];
  readonly total: number;
}

export interface JobLogLine {
  /** ISO 8601 in UTC. */
  readonly timestamp: string;
  readonly level: "info" | "warning" | "error";
  readonly step: string;
  readonly task: string;
  readonly message: string;
}

export interface JobLogPage {
  readonly lines: readonly JobLogLine[];
  readonly total: number;
  readonly nextPage: string | null;
  readonly previousPage: string | null;
}

/** `dataset` and `analysis` are always among the results of a finished job. */
export interface JobResult {
  readonly name: string;
  readonly createdAt: string;
  /** Where the backend keeps it. */
  readonly url: string;
}

export interface JobDownload {
  readonly fileName: string;
  readonly contentType: string;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface PreviewRequest {
  readonly config: unknown;
  readonly numRecords: number;
  readonly seed?: number | string;
  readonly signal?: AbortSignal;
}

/** A preview as it comes. An `error` log without a later dataset is a failed preview. */
export type PreviewMessage =
  | { readonly kind: "log"; readonly level: "info" | "warning" | "error"; readonly message: string }
  | { readonly kind: "heartbeat" }
  | { readonly kind: "dataset"; readonly records: readonly Readonly<Record<string, JsonValue>>[] }
  /** `DatasetProfilerResults` of the original. */
  | { readonly kind: "analysis"; readonly analysis: unknown };

export interface JobEvent {
  /** Counts from 1 within the job, without gaps. */
  readonly seq: number;
  readonly type: string;
  readonly data: Readonly<Record<string, JsonValue>>;
}

/**
 * One interface, two backends. Methods that name a job throw `not_found` for an unknown one. A config with errors
 * throws `invalid_input` whose `data.violations` lists them all; a feature that the backend does not know throws
 * `not_supported` before anything is sent. A backend that cannot be reached throws `unavailable` or `timed_out`.
 */
export interface DataDesigner {
  readonly backend: "embedded" | "nemo";
  /** One line for people: which engine, where. */
  describe(): string;
  preview(request: PreviewRequest): AsyncIterable<PreviewMessage>;
  createJob(request: JobRequest): Promise<DesignJob>;
  job(id: string): Promise<DesignJob>;
  list(query: JobListQuery): Promise<JobPage>;
  logs(id: string, options: { readonly limit: number; readonly pageCursor?: string }): Promise<JobLogPage>;
  /** Asks a job to stop; one that has ended throws `conflict`. What is finished stays. */
  cancel(id: string): Promise<DesignJob>;
  /**
   * Goes on with a job that ended in `error`, after what it has finished; any other status throws `conflict`. Absent when
   * the backend cannot.
   */
  resume?(id: string): Promise<DesignJob>;
  /** Removes a job with its files. A job that still works is cancelled first. */
  delete(id: string): Promise<void>;
  /** Empty while the job has none. */
  results(id: string): Promise<readonly JobResult[]>;
  /** Throws `not_found` while the result is missing. */
  download(id: string, name: string): Promise<JobDownload>;
  /** Everything a job tells, from `after` on, until it ends. Ends early with the signal, without an error. */
  events(id: string, options: { readonly after: number; readonly signal: AbortSignal }): AsyncIterable<JobEvent>;
  /** Waits until the job's progress is newer than `version`, or has ended, or the time is up; answers it as it is then. */
  waitForChange(
    id: string,
    options: { readonly version: number; readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<DesignJob>;
  /**
   * A folder on this machine with the files of a finished or half-finished dataset (`metadata.json`, `parquet-files/`,
   * `analysis.json`); a remote backend fetches them. Throws `not_found` while there is nothing.
   */
  datasetFolder(id: string, signal?: AbortSignal): Promise<string>;
  /** Model aliases and providers that a config may name. */
  settings(): Promise<DesignerSettings>;
  close(): Promise<void>;
}

export interface DesignerSettings {
  readonly modelConfigs: readonly {
    readonly alias: string;
    readonly model: string;
    readonly provider: string | null;
  }[];
  /** Endpoints without their secrets; empty when the offline text model writes the columns of models. */
  readonly modelProviders: readonly { readonly name: string; readonly endpoint: string }[];
  readonly textModel: string;
}
