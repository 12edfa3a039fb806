import { isoTime } from "../../../../lib/clock.ts";
import type { JsonValue } from "../../../../engine/data/table.ts";
import { JOB_STATUSES, type DesignJob, type JobProgress, type JobStatus } from "../designer.ts";
import type { WireJob, WireStatus } from "./wire.ts";

/** Where the key of a request is kept: a service has no field of its own for it. */
export const KEY_FIELD = "nemops_idempotency_key";

/** Names of other versions. Source: documentation of 25.10 and the SDK of `v1beta1`. */
const OTHER_STATUSES: Readonly<Record<string, JobStatus>> = {
  running: "active",
  failed: "error",
  failure: "error",
  ready: "completed",
  succeeded: "completed",
  canceled: "cancelled",
  canceling: "cancelling",
};

/** A status that is not known is taken for work: only a name that says so ends a job. */
export function readStatus(text: string | null | undefined): JobStatus {
  const name = (text ?? "created").toLowerCase();
  return (
    JOB_STATUSES.find((status) => status === name) ??
    (Object.hasOwn(OTHER_STATUSES, name) ? OTHER_STATUSES[name] : undefined) ??
    "active"
  );
}

export interface JobFieldsOptions {
  readonly wire: WireJob;
  /** How routes name the job. */
  readonly id: string;
  /** In the open-source form; null where the service does not tell. */
  readonly config: unknown;
  readonly numRecords: number;
  /** Name that the job was asked for under, where the service keeps none. */
  readonly name?: string | undefined;
  readonly textModel: string | null;
  readonly errorDetails: DesignJob["errorDetails"];
  readonly version: number;
}

export function toDesignJob(options: JobFieldsOptions): DesignJob {
  const { wire, id, config, numRecords, errorDetails, version } = options;
  const { [KEY_FIELD]: _key, ...customFields } = wire.custom_fields ?? {};
  const createdAt = toIso(wire.created_at);
  // Only our own service tells them.
  const { seed, text_model: textModel } = wire.status_details ?? {};
  return {
    id,
    name: wire.name ?? options.name ?? id,
    description: wire.description ?? null,
    project: wire.project ?? null,
    namespace: wire.namespace ?? wire.workspace ?? null,
    ownership: wire.ownership ?? null,
    customFields: Object.keys(customFields).length === 0 ? null : customFields,
    config,
    numRecords,
    seed: typeof seed === "number" || typeof seed === "string" ? seed : null,
    status: readStatus(wire.status),
    statusDetails: wire.status_details ?? {},
    errorDetails,
    progress: readProgress(wire.status_details ?? {}, numRecords, version),
    textModel: typeof textModel === "string" ? textModel : options.textModel,
    createdAt,
    updatedAt: wire.updated_at === null || wire.updated_at === undefined ? createdAt : toIso(wire.updated_at),
  };
}

/** Names under which services tell a figure; the first ones are our own service's. */
const FIGURES = {
  rows: ["rows", "num_records_completed", "num_completed_records", "num_records_generated", "actual_num_records"],
  rowsPerSecond: ["rows_per_second"],
  etaSeconds: ["eta_seconds"],
  failedRows: ["failed_rows", "num_records_failed", "num_failed_records"],
  inputTokens: ["input_tokens"],
  outputTokens: ["output_tokens"],
} as const;

function readProgress(details: Readonly<Record<string, JsonValue>>, target: number, version: number): JobProgress {
  // Our own service keeps its figures together.
  const nested = details["progress"];
  // A JSON value that is an object without being a list holds JSON values by name.
  const isNested = typeof nested === "object" && nested !== null && !Array.isArray(nested);
  const source = isNested ? { ...details, ...(nested as Readonly<Record<string, JsonValue>>) } : details;
  const figure = (name: keyof typeof FIGURES): number | null => {
    for (const key of FIGURES[name]) {
      const value = source[key];
      if (typeof value === "number" && Number.isFinite(value)) return value;
    }
    return null;
  };
  const whole = (name: keyof typeof FIGURES): number | null => {
    const value = figure(name);
    return value === null ? null : Math.round(value);
  };
  return {
    version,
    rows: whole("rows"),
    target,
    rowsPerSecond: figure("rowsPerSecond"),
    etaSeconds: figure("etaSeconds"),
    failedRows: whole("failedRows"),
    inputTokens: whole("inputTokens"),
    outputTokens: whole("outputTokens"),
  };
}

/**
 * `{message, code?, …}` of a job that failed: what the service says of the job, else of its first step or task that
 * failed. Null when nothing went wrong.
 */
export function readErrorDetails(job: WireJob, status: WireStatus | undefined): DesignJob["errorDetails"] {
  const steps = status?.steps ?? [];
  const sources = [
    job.error_details,
    status?.error_details,
    ...steps.flatMap((step) => [
      ...(step.tasks ?? []).flatMap((task) => [task.error_details, stackOf(task.error_stack)]),
      step.error_details,
    ]),
  ].filter((details) => details !== null && details !== undefined && Object.keys(details).length > 0);
  const [first] = sources;
  if (first === undefined || first === null) {
    return readStatus(job.status) === "error" ? { message: "the service does not say why the job failed" } : null;
  }
  const message = sources.map((details) => messageOf(details ?? {})).find((text) => text !== undefined);
  return { ...first, message: message ?? JSON.stringify(first).slice(0, 500) };
}

function messageOf(details: Readonly<Record<string, JsonValue>>): string | undefined {
  for (const key of ["message", "error", "detail", "reason"]) {
    const value = details[key];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return undefined;
}

/** The last line of a Python traceback says what happened. */
function stackOf(stack: string | null | undefined): Readonly<Record<string, JsonValue>> | undefined {
  const line = stack?.trim().split("\n").at(-1)?.trim();
  return line === undefined || line === "" ? undefined : { message: line };
}

/** Times of services come with and without a zone; without one they are UTC. */
export function toIso(text: string | null | undefined): string {
  if (text === null || text === undefined) return isoTime(0);
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text.trim());
  const at = Date.parse(hasZone ? text : `${text.trim().replace(" ", "T")}Z`);
  return Number.isNaN(at) ? isoTime(0) : isoTime(at);
}
