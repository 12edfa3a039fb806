import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import type { JobResult } from "../results.ts";
import { visibleColumns } from "../submission.ts";

const count = (value: number): string => value.toLocaleString("en-US");

/** Where a job stands, in one or two sentences. */
export function describeJob({ id, name, status, progress, error }: JobResult): string {
  const title = `Job \`${id}\`${name === "" ? "" : ` (${name})`}`;
  const { rows, target, eta_seconds: eta } = progress;
  const done = rows === null ? `${count(target)} rows asked for` : `${count(rows)} of ${count(target)} rows`;
  switch (status) {
    case "error":
    case "failed":
      return `${title} failed: ${error ?? "no reason was given"}.`;
    case "cancelled":
    case "cancelling":
      return `${title} is ${status}; ${done} were made.`;
    case "completed":
      return `${title} is complete: ${done}.`;
    default:
      return `${title} is ${status}: ${done}${eta === null ? "" : `, about ${Math.ceil(eta)} s left`}.`;
  }
}

/** What came out and how to get it. The design is that of the thread, which may be newer than the job. */
export function describeFinished(job: JobResult, design: DesignDraft | null): string {
  const { id, name, seed, progress, text_model: textModel } = job;
  const columns = design === null ? [] : visibleColumns(design);
  const title = name === "" ? "the dataset" : `**${name}**`;
  const failed = progress.failed_rows ?? 0;
  return [
    `Done: ${count(progress.rows ?? progress.target)} rows of ${title}, job \`${id}\`${columns.length === 0 ? "" : `, with the columns ${columns.join(", ")}`}.`,
    ...(failed > 0 ? [`${count(failed)} rows were left out because a cell could not be made.`] : []),
    ...(textModel === null ? [] : [`Texts were written by ${textModel}.`]),
    ...(seed === null ? [] : [`Its seed is ${seed}: the same design with seed ${seed} gives the same rows.`]),
    `Download it with \`nemops dataset download ${id}\` or GET /api/v1/datasets/${id}/download?format=csv (jsonl, csv or parquet).`,
  ].join("\n");
}

export function describeJobs({ jobs, total }: { jobs: readonly JobResult[]; total: number | null }): string {
  if (jobs.length === 0) return "There are no jobs yet.";
  const left = (total ?? jobs.length) - jobs.length;
  return [...jobs.map((job) => `- ${describeJob(job)}`), ...(left > 0 ? [`- and ${left} more`] : [])].join("\n");
}
