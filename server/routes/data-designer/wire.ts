import type {
  DesignJob,
  DesignerSettings,
  JobListQuery,
  JobLogLine,
  JobLogPage,
  JobPage,
  JobResult,
} from "../../../tools/data/designer/designer.ts";
import type {
  DataDesignerJob,
  DataDesignerJobsPage,
  PlatformJobLogPage,
  PlatformJobResultResponse,
  PlatformJobStatusResponse,
  SettingsResponse,
} from "../../schemas/data-designer.ts";

/** A job belongs to a namespace there; ours has one, unless the client names another. */
const DEFAULT_NAMESPACE = "default";
const STEP = "generate";
const TASK = "dataset";

export function toWireJob(job: DesignJob): DataDesignerJob {
  const { description, project, ownership, customFields, errorDetails } = job;
  return {
    id: job.id,
    name: job.name,
    ...(description === null ? {} : { description }),
    ...(project === null ? {} : { project }),
    namespace: job.namespace ?? DEFAULT_NAMESPACE,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    spec: { num_records: job.numRecords, config: job.config },
    status: job.status,
    status_details: statusDetails(job),
    ...(errorDetails === null ? {} : { error_details: errorDetails }),
    ...(ownership === null ? {} : { ownership }),
    ...(customFields === null ? {} : { custom_fields: customFields }),
  };
}

/** Rows, speed and tokens stand here: the API has no other place for them. */
function statusDetails({ statusDetails: details, progress, seed, textModel }: DesignJob): Record<string, unknown> {
  const { rows, target, rowsPerSecond, etaSeconds, failedRows, inputTokens, outputTokens } = progress;
  const told = {
    ...details,
    rows,
    target,
    rows_per_second: rowsPerSecond,
    eta_seconds: etaSeconds,
    failed_rows: failedRows,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    seed,
    text_model: textModel,
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
}

export function toWireJobsPage(
  { jobs, total }: JobPage,
  { page, pageSize, sort, status }: JobListQuery,
): DataDesignerJobsPage {
  return {
    object: "list",
    data: jobs.map(toWireJob),
    pagination: {
      page,
      page_size: pageSize,
      current_page_size: jobs.length,
      // At least one, as the SDK asks for pages until it has seen the last.
      total_pages: Math.max(1, Math.ceil(total / pageSize)),
      total_results: total,
    },
    sort,
    filter: status === undefined ? {} : { status },
    search: {},
  };
}

export function toWireStatus(job: DesignJob): PlatformJobStatusResponse {
  const details = {
    status: job.status,
    status_details: statusDetails(job),
    error_details: { ...job.errorDetails },
  };
  const message = job.errorDetails?.["message"];
  const task = { id: TASK, ...details, error_stack: typeof message === "string" ? message : "" };
  return { job_id: job.id, ...details, steps: [{ name: STEP, ...details, tasks: [task] }] };
}

export function toWireLogs(id: string, { lines, total, nextPage, previousPage }: JobLogPage): PlatformJobLogPage {
  return {
    object: "list",
    data: lines.map((line) => ({
      timestamp: line.timestamp,
      job_id: id,
      job_step: line.step,
      job_task: line.task,
      message: logMessage(line),
    })),
    total,
    next_page: nextPage,
    prev_page: previousPage,
  };
}

/** As Python's log records look in JSON; the SDK shows those whose name has `data_designer` in it. */
function logMessage({ level, message }: JobLogLine): string {
  return JSON.stringify({ name: "data_designer.nemops", levelname: level.toUpperCase(), message });
}

export function toWireResult(job: DesignJob, { name, createdAt, url }: JobResult): PlatformJobResultResponse {
  return {
    result_name: name,
    job_id: job.id,
    namespace: job.namespace ?? DEFAULT_NAMESPACE,
    ...(job.project === null ? {} : { project: job.project }),
    created_at: createdAt,
    updated_at: createdAt,
    artifact_url: url,
    artifact_storage_type: "nds",
  };
}

export function toWireSettings({ modelConfigs, modelProviders, textModel }: DesignerSettings): SettingsResponse {
  return {
    defaults: {
      model_configs: modelConfigs.map(({ alias, model, provider }) => ({
        alias,
        model,
        provider,
        inference_parameters: {},
      })),
      model_provider: modelProviders[0]?.name ?? textModel,
    },
    model_providers: modelProviders.map(({ name, endpoint }) => ({ name, endpoint, provider_type: "openai" })),
  };
}
