import type { JsonValue } from "../../engine/data/table.ts";
import type { Fields } from "./nemo-service-data.ts";

/** A job as the published API shows it. Older dialects show parts of it. */
export interface ServiceJob {
  readonly id: string;
  readonly body: Fields;
  readonly config: Fields;
  readonly numRecords: number;
  status: string;
  statusDetails: Record<string, JsonValue>;
  errorDetails: Record<string, JsonValue>;
  readonly createdAt: string;
  updatedAt: string;
  readonly logs: string[];
  deleted: boolean;
}

export type ServiceDialect = "v1" | "v1beta1" | "v2" | "v2-plain" | "preview-only";

const OLD_NAMES: Readonly<Record<string, string>> = { active: "running", error: "failed" };

/** `DataDesignerJob`, or what older services have in its place. */
export function showJob(job: ServiceJob, dialect: ServiceDialect): Fields {
  const { body } = job;
  const shared = {
    id: job.id,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    status_details: job.statusDetails,
  };
  if (dialect === "v1beta1") return { ...shared, status: OLD_NAMES[job.status] ?? job.status };
  return {
    ...shared,
    name: body["name"] ?? job.id,
    ...Object.fromEntries(
      ["description", "project", "namespace", "ownership", "custom_fields"].flatMap((key) =>
        body[key] === undefined ? [] : [[key, body[key]]],
      ),
    ),
    spec: { num_records: job.numRecords, config: job.config },
    status: job.status,
    error_details: job.errorDetails,
  };
}

/** `PlatformJobStatusResponse`; a job that failed has a task with a traceback. */
export function showStatus(job: ServiceJob): Fields {
  const isFailed = job.status === "error";
  const task = {
    id: "task-0",
    status: job.status,
    status_details: {},
    error_details: {},
    error_stack: isFailed ? "Traceback (most recent call last):\n  File x\nValueError: model said no" : "",
  };
  const step = { name: "generate", status: job.status, status_details: {}, error_details: {}, tasks: [task] };
  return {
    job_id: job.id,
    status: job.status,
    status_details: job.statusDetails,
    error_details: job.errorDetails,
    steps: [step],
  };
}

/** What a preview streams, one entry a line. */
export function previewLines(
  rows: readonly Record<string, JsonValue>[],
  analysis: unknown,
  dialect: ServiceDialect,
): unknown[] {
  if (dialect === "v1beta1") {
    const at = { step: "sample", ts: "2026-01-01T00:00:00" };
    return [
      { ...at, stream: "logs", type: "step_log", payload: { level: "info", msg: "sampling" } },
      { ...at, stream: "step_outputs", type: "step_output", payload: { dataset: rows } },
      { ...at, stream: "logs", type: "step_state_change", payload: { state: "completed", msg: "done" } },
    ];
  }
  if (dialect.startsWith("v2")) {
    return [
      { kind: "log", level: "info", message: "sampling" },
      { kind: "heartbeat" },
      { kind: "dataset_metadata", metadata: {} },
      { kind: "dataset", records: rows },
      { kind: "processor_output", processor_name: "p", records: [] },
      { kind: "analysis", analysis },
      { kind: "done" },
    ];
  }
  return [
    { message_type: "log", message: "sampling", extra: { level: "info" } },
    { message_type: "heartbeat", message: "", extra: null },
    { message_type: "dataset", message: JSON.stringify(rows), extra: null },
    { message_type: "analysis", message: JSON.stringify(analysis), extra: null },
  ];
}
