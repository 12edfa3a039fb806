import type { DesignJob, JobResult } from "../../../tools/data/designer/designer.ts";
import type { Dataset, DatasetDetail } from "../../schemas/datasets.ts";

export function toWireDataset(job: DesignJob): Dataset {
  return {
    id: job.id,
    name: job.name,
    status: job.status,
    rows: job.progress.rows,
    target: job.progress.target,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    text_model: job.textModel,
    seed: job.seed,
  };
}

export function toWireDetail(job: DesignJob, results: readonly JobResult[]): DatasetDetail {
  const { version, rows, target, rowsPerSecond, etaSeconds, failedRows, inputTokens, outputTokens } = job.progress;
  return {
    ...toWireDataset(job),
    description: job.description,
    progress: {
      version,
      rows,
      target,
      rows_per_second: rowsPerSecond,
      eta_seconds: etaSeconds,
      failed_rows: failedRows,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
    },
    error: job.errorDetails,
    config: job.config,
    results: results.map(({ name }) => name),
  };
}
