import { z } from "zod";

import type { ToolOutcome } from "../../mcp/client/tool-client.ts";
import { isRecord } from "../conversation.ts";

/**
 * What the graph reads of tool results. Tools may live on another server and another version, so these take what they
 * need and forgive what is missing; the tools' own output schemas are the full shapes.
 */
const text = z.string().catch("");
const texts = z.array(z.string()).catch([]);
const numberOrNull = z.number().nullable().catch(null);

export const ViolationResult = z.object({
  type: text,
  level: z.enum(["error", "warning"]).catch("error"),
  column: z.string().nullable().catch(null),
  message: text,
});
export type ViolationResult = z.infer<typeof ViolationResult>;

const Violations = z.array(ViolationResult).catch([]);

export const JobProgressResult = z.object({
  version: z.number().catch(0),
  rows: numberOrNull,
  target: z.number().catch(0),
  rows_per_second: numberOrNull,
  eta_seconds: numberOrNull,
  failed_rows: numberOrNull,
  input_tokens: numberOrNull,
  output_tokens: numberOrNull,
});
export type JobProgressResult = z.infer<typeof JobProgressResult>;

const NO_PROGRESS: JobProgressResult = {
  version: 0,
  rows: null,
  target: 0,
  rows_per_second: null,
  eta_seconds: null,
  failed_rows: null,
  input_tokens: null,
  output_tokens: null,
};

/** Result names of a finished job; servers list them as names or as objects. */
const ResultNames = z
  .array(z.union([z.string(), z.looseObject({ name: z.string() }).transform(({ name }) => name)]))
  .catch([]);

/** A reason as text, from text or from `{message}`. */
const ErrorText = z
  .union([z.string(), z.looseObject({ message: z.string() }).transform(({ message }) => message)])
  .nullable()
  .catch(null);

export const JobResult = z.object({
  id: z.string(),
  name: text,
  status: text,
  /** Null where the service tells none. */
  seed: z.union([z.number(), z.string()]).nullable().catch(null),
  progress: JobProgressResult.catch(NO_PROGRESS),
  results: ResultNames,
  text_model: z.string().nullable().catch(null),
  error: ErrorText,
});
export type JobResult = z.infer<typeof JobResult>;

export const JobsResult = z.object({ jobs: z.array(JobResult).catch([]), total: numberOrNull });

/** A status of a later service that is not known here counts as one that still works. */
const TERMINAL = new Set(["completed", "error", "failed", "cancelled"]);

export function hasEnded({ status }: Pick<JobResult, "status">): boolean {
  return TERMINAL.has(status);
}

export const PreviewResult = z.object({
  records: z.array(z.record(z.string(), z.unknown())).catch([]),
  profile: z.unknown(),
  violations: Violations,
  text_model: z.string().nullable().catch(null),
  failures: z.array(z.unknown()).catch([]),
});
export type PreviewResult = z.infer<typeof PreviewResult>;

export const DesignStepResult = z.object({ changes: texts, missing: texts, violations: Violations });

export const ValidationResult = z.object({ valid: z.boolean(), violations: Violations });

export const SubmissionResult = z.object({
  ready: z.boolean(),
  violations: Violations,
  estimate: z
    .object({
      rows: numberOrNull,
      models: texts,
      tokens_estimated: numberOrNull,
      seconds_estimated: numberOrNull,
      formats: texts,
    })
    .catch({ rows: null, models: [], tokens_estimated: null, seconds_estimated: null, formats: [] }),
});
export type SubmissionResult = z.infer<typeof SubmissionResult>;

/** Violations where a result lists any; undefined where it says nothing about them. */
export function violationsOf(result: unknown): ViolationResult[] | undefined {
  if (!isRecord(result) || !Array.isArray(result["violations"])) return undefined;
  return Violations.parse(result["violations"]);
}

export function errorsOf(violations: readonly ViolationResult[]): readonly ViolationResult[] {
  return violations.filter(({ level }) => level === "error");
}

/** Why a call failed, in words: our servers send an object with `error`. */
export function reasonOf({ text: whole, structured }: ToolOutcome): string {
  const error = structured?.["error"];
  return typeof error === "string" ? error : whole;
}
