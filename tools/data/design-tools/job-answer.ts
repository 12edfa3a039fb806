import { z } from "zod";

import { EXPORT_FORMATS } from "../dataset-job/export-formats.ts";
import { hasEnded, JOB_STATUSES } from "../designer/designer.ts";
import type { DataDesigner, DesignJob } from "../designer/designer.ts";

/** A job as the tools show it. */
export const JobAnswer = z.object({
  id: z.string().describe("Id of the job and of its dataset"),
  name: z.string().describe("Name of the dataset"),
  status: z.enum(JOB_STATUSES).describe("completed, error and cancelled are final"),
  num_records: z.number().int().describe("Rows asked for"),
  seed: z.union([z.number(), z.string()]).nullable().describe("Seed: the same design and seed give the same rows"),
  progress: z
    .object({
      version: z.number().int().describe("Rises with every change; send it as after_version to wait for the next"),
      rows: z.number().int().nullable().describe("Rows that are finished"),
      target: z.number().int().describe("Rows asked for"),
      rows_per_second: z.number().nullable().describe("Speed now"),
      eta_seconds: z.number().nullable().describe("Seconds to the end, estimated"),
      failed_rows: z.number().int().nullable().describe("Rows dropped because a cell could not be made"),
      input_tokens: z.number().int().nullable().describe("Tokens sent to models"),
      output_tokens: z.number().int().nullable().describe("Tokens written by models"),
    })
    .describe("How far it is; null is not known"),
  error: z.string().nullable().describe("Why it failed"),
  results: z.array(z.string()).describe("Names of its results; empty while there are none"),
  formats: z.array(z.enum(EXPORT_FORMATS)).describe("File formats that were asked for; empty when none was"),
  text_model: z.string().nullable().describe("Who wrote the columns of models; null when there are none"),
  created_at: z.string().describe("ISO 8601 in UTC"),
  updated_at: z.string().describe("ISO 8601 in UTC"),
});
export type JobAnswer = z.infer<typeof JobAnswer>;

/** Key of the formats in the custom fields of a job. */
export const FORMATS_FIELD = "formats";

/** The job with the names of its results. */
export async function answerJob(designer: DataDesigner, job: DesignJob): Promise<JobAnswer> {
  const results = hasEnded(job.status) ? await designer.results(job.id) : [];
  return toJobAnswer(
    job,
    results.map((result) => result.name),
  );
}

export function toJobAnswer(job: DesignJob, results: string[]): JobAnswer {
  const { progress } = job;
  const message = job.errorDetails?.["message"];
  const formats = job.customFields?.[FORMATS_FIELD];
  return {
    id: job.id,
    name: job.name,
    status: job.status,
    num_records: job.numRecords,
    seed: job.seed,
    progress: {
      version: progress.version,
      rows: progress.rows,
      target: progress.target,
      rows_per_second: progress.rowsPerSecond,
      eta_seconds: progress.etaSeconds,
      failed_rows: progress.failedRows,
      input_tokens: progress.inputTokens,
      output_tokens: progress.outputTokens,
    },
    error: job.errorDetails === null ? null : typeof message === "string" ? message : JSON.stringify(job.errorDetails),
    results,
    formats: EXPORT_FORMATS.filter((format) => Array.isArray(formats) && formats.includes(format)),
    text_model: job.textModel,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
  };
}
