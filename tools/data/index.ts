import type { Tool } from "../define-tool.ts";
import { addCategoryColumn } from "./add-category-column.ts";
import { addColumnConstraint } from "./add-column-constraint.ts";
import { addDatetimeColumn } from "./add-datetime-column.ts";
import { addExpressionColumn } from "./add-expression-column.ts";
import { addFloatColumn } from "./add-float-column.ts";
import { addGaussianColumn } from "./add-gaussian-column.ts";
import { addIntColumn } from "./add-int-column.ts";
import { addLlmCodeColumn } from "./add-llm-code-column.ts";
import { addLlmJudgeColumn } from "./add-llm-judge-column.ts";
import { addLlmStructuredColumn } from "./add-llm-structured-column.ts";
import { addLlmTextColumn } from "./add-llm-text-column.ts";
import { addModelConfig } from "./add-model-config.ts";
import { addPersonColumn } from "./add-person-column.ts";
import { addSamplerColumn } from "./add-sampler-column.ts";
import { addScalarConstraint } from "./add-scalar-constraint.ts";
import { addSeedDataset } from "./add-seed-dataset.ts";
import { addSubcategoryColumn } from "./add-subcategory-column.ts";
import { addTimedeltaColumn } from "./add-timedelta-column.ts";
import { addUuidColumn } from "./add-uuid-column.ts";
import { addValidationColumn } from "./add-validation-column.ts";
import { cancelJob } from "./cancel-job.ts";
import { createJob, createJobTool } from "./create-job.ts";
import { finalizeSubmission, finalizeSubmissionTool } from "./finalize-submission.ts";
import { getConfigSummary } from "./get-config-summary.ts";
import { getJobStatus } from "./get-job-status.ts";
import { initConfig, initConfigTool } from "./init-config.ts";
import { listJobs } from "./list-jobs.ts";
import { previewData } from "./preview-data.ts";
import { removeColumn } from "./remove-column.ts";
import { updateColumn } from "./update-column.ts";
import { validateConfig } from "./validate-config.ts";
import type { DataToolContext } from "./context.ts";

/** The tools of the MCP server `data-designer`, in the order in which a design tends to need them. */
export const DATA_TOOLS: readonly Tool<DataToolContext>[] = [
  initConfig,
  addModelConfig,
  addUuidColumn,
  addCategoryColumn,
  addSubcategoryColumn,
  addIntColumn,
  addFloatColumn,
  addGaussianColumn,
  addSamplerColumn,
  addDatetimeColumn,
  addTimedeltaColumn,
  addPersonColumn,
  addExpressionColumn,
  addLlmTextColumn,
  addLlmCodeColumn,
  addLlmStructuredColumn,
  addLlmJudgeColumn,
  addValidationColumn,
  addSeedDataset,
  addColumnConstraint,
  addScalarConstraint,
  updateColumn,
  removeColumn,
  getConfigSummary,
  validateConfig,
  previewData,
  createJob,
  getJobStatus,
  listJobs,
  cancelJob,
  finalizeSubmission,
];

/** The tools whose arguments name how many rows there may be. */
const BOUNDED_TOOLS = new Map<Tool<DataToolContext>, (maxRows: number) => Tool<DataToolContext>>([
  [initConfig, initConfigTool],
  [createJob, createJobTool],
  [finalizeSubmission, finalizeSubmissionTool],
]);

/** The tools as a context has them: their arguments name its limits. */
export function dataToolsOf({ maxRows }: DataToolContext): readonly Tool<DataToolContext>[] {
  if (maxRows === undefined) return DATA_TOOLS;
  return DATA_TOOLS.map((tool) => BOUNDED_TOOLS.get(tool)?.(maxRows) ?? tool);
}
