import type { JsonValue } from "../../../../engine/data/table.ts";
import { isoTime } from "../../../../lib/clock.ts";
import type { DesignJob, JobStatus } from "../designer.ts";

/** A row of `jobs`; objects are JSON text, times Unix milliseconds. */
export interface JobRow {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly project: string | null;
  readonly namespace: string | null;
  readonly ownership: string | null;
  readonly custom_fields: string | null;
  readonly config: string;
  readonly num_records: number;
  readonly seed: string;
  readonly row_group_size: number;
  readonly seed_rows_hash: string | null;
  readonly idempotency_key: string | null;
  readonly request_hash: string;
  readonly text_model: string | null;
  readonly status: JobStatus;
  readonly error: string | null;
  readonly version: number;
  readonly done_rows: number;
  readonly rows_per_second: number | null;
  readonly eta_seconds: number | null;
  readonly failed_rows: number;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

export const JOB_COLUMNS: readonly (keyof Omit<JobRow, "number">)[] = [
  "id",
  "name",
  "description",
  "project",
  "namespace",
  "ownership",
  "custom_fields",
  "config",
  "num_records",
  "seed",
  "row_group_size",
  "seed_rows_hash",
  "idempotency_key",
  "request_hash",
  "text_model",
  "status",
  "error",
  "version",
  "done_rows",
  "rows_per_second",
  "eta_seconds",
  "failed_rows",
  "input_tokens",
  "output_tokens",
  "created_at_ms",
  "updated_at_ms",
];

type JsonObject = Readonly<Record<string, JsonValue>>;

export function toJob(row: JobRow): DesignJob {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    project: row.project,
    namespace: row.namespace,
    ownership: readObject(row.ownership),
    customFields: readObject(row.custom_fields),
    config: JSON.parse(row.config) as unknown,
    numRecords: row.num_records,
    seed: readSeed(row),
    status: row.status,
    statusDetails: {},
    errorDetails: readObject(row.error),
    progress: {
      version: row.version,
      rows: row.done_rows,
      target: row.num_records,
      rowsPerSecond: row.rows_per_second,
      etaSeconds: row.eta_seconds,
      failedRows: row.failed_rows,
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
    },
    textModel: row.text_model,
    createdAt: isoTime(row.created_at_ms),
    updatedAt: isoTime(row.updated_at_ms),
  };
}

export function readSeed(row: JobRow): number | string {
  // Written by `createJob` from a number or a text, and by nobody else.
  return JSON.parse(row.seed) as number | string;
}

function readObject(text: string | null): JsonObject | null {
  // As above: the store writes objects only.
  return text === null ? null : (JSON.parse(text) as JsonObject);
}
