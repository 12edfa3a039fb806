import { z } from "zod";

import { JOB_SORTS } from "../../tools/data/designer/designer.ts";
import { named } from "../openapi/names.ts";
import { answerOf } from "../openapi/route-docs.ts";
import { JsonObject, Timestamp } from "./common.ts";
import { DataDesignerJobsListFilter, PlatformJobStatus } from "./data-designer-requests.ts";

/**
 * Wire schemas of the Data Designer service, version 1.4.0, under the names of its OpenAPI document. A field that has no
 * value is left out, except where the document requires it.
 */

export const DataDesignerJob = named(
  "DataDesignerJob",
  z.object({
    id: z.string(),
    name: z.string(),
    description: z.string().optional(),
    project: z.string().optional(),
    namespace: z.string(),
    created_at: Timestamp,
    updated_at: Timestamp,
    spec: z.object({ num_records: z.number().int(), config: z.unknown() }),
    status: PlatformJobStatus,
    status_details: JsonObject,
    error_details: JsonObject.optional(),
    ownership: JsonObject.optional(),
    custom_fields: JsonObject.optional(),
  }),
);
export type DataDesignerJob = z.infer<typeof DataDesignerJob>;

export const PaginationData = named(
  "PaginationData",
  z.object({
    page: z.number().int(),
    page_size: z.number().int(),
    current_page_size: z.number().int(),
    total_pages: z.number().int(),
    total_results: z.number().int(),
  }),
);

export const DataDesignerJobsPage = named(
  "DataDesignerJobsPage",
  z.object({
    object: z.literal("list"),
    data: z.array(DataDesignerJob),
    pagination: PaginationData,
    sort: z.enum(JOB_SORTS),
    filter: DataDesignerJobsListFilter,
    search: z.object({}),
  }),
);
export type DataDesignerJobsPage = z.infer<typeof DataDesignerJobsPage>;

const details = { status: PlatformJobStatus, status_details: JsonObject, error_details: JsonObject };

export const PlatformJobStatusResponse = named(
  "PlatformJobStatusResponse",
  z.object({
    job_id: z.string(),
    ...details,
    steps: z.array(
      z.object({
        name: z.string(),
        ...details,
        tasks: z.array(z.object({ id: z.string(), ...details, error_stack: z.string() })),
      }),
    ),
  }),
);
export type PlatformJobStatusResponse = z.infer<typeof PlatformJobStatusResponse>;

/** `message` is a JSON object `{name, levelname, message}`, which is what the SDK reads. */
export const PlatformJobLog = named(
  "PlatformJobLog",
  z.object({
    timestamp: Timestamp,
    job_id: z.string(),
    job_step: z.string(),
    job_task: z.string(),
    message: z.string(),
  }),
);

/** The document says text for the two pages; the SDK goes on until `next_page` is null, so null it is at the ends. */
export const PlatformJobLogPage = named(
  "PlatformJobLogPage",
  z.object({
    object: z.literal("list"),
    data: z.array(PlatformJobLog),
    total: z.number().int(),
    next_page: z.string().nullable(),
    prev_page: z.string().nullable(),
  }),
);
export type PlatformJobLogPage = z.infer<typeof PlatformJobLogPage>;

export const PlatformJobResultResponse = named(
  "PlatformJobResultResponse",
  z.object({
    result_name: z.string(),
    job_id: z.string(),
    namespace: z.string(),
    project: z.string().optional(),
    created_at: Timestamp,
    updated_at: Timestamp,
    artifact_url: z.string(),
    artifact_storage_type: z.literal("nds"),
  }),
);
export type PlatformJobResultResponse = z.infer<typeof PlatformJobResultResponse>;

export const PlatformJobListResultResponse = named(
  "PlatformJobListResultResponse",
  z.object({
    object: z.literal("list"),
    data: z.array(PlatformJobResultResponse),
  }),
);

export const PreviewMessage = named(
  "PreviewMessage",
  z.object({
    message: z.string(),
    message_type: z.enum(["analysis", "dataset", "heartbeat", "log"]),
    extra: z.record(z.string(), z.string()),
  }),
);
export type PreviewMessage = z.infer<typeof PreviewMessage>;

export const ValidationError = named(
  "ValidationError",
  z.object({
    loc: z.array(z.union([z.string(), z.number().int()])),
    msg: z.string(),
    type: z.string(),
  }),
);
export type ValidationError = z.infer<typeof ValidationError>;

export const HttpValidationError = named("HTTPValidationError", z.object({ detail: z.array(ValidationError) }));
export const HttpError = named("HTTPError", z.object({ detail: z.string() }));

/** Not in the document; as the SDK reads it. */
export const SettingsResponse = named(
  "SettingsResponse",
  z.object({
    defaults: z.object({
      model_configs: z.array(
        z.object({
          alias: z.string(),
          model: z.string(),
          provider: z.string().nullable(),
          inference_parameters: JsonObject,
        }),
      ),
      model_provider: z.string(),
    }),
    model_providers: z.array(z.object({ name: z.string(), endpoint: z.string(), provider_type: z.string() })),
  }),
);
export type SettingsResponse = z.infer<typeof SettingsResponse>;

export const DeletedJob = named("DeletedJob", z.object({ id: z.string(), deleted: z.boolean() }));
export const ServiceHealth = named("ServiceHealth", z.object({ status: z.string().meta({ examples: ["healthy"] }) }));
export const JobAnalysis = named(
  "JobAnalysis",
  z.unknown().meta({
    description: "Statistics of the dataset, by column.",
    examples: [{ num_records: 100, target_num_records: 100, column_statistics: [] }],
  }),
);

export const previewLines = answerOf(
  "application/jsonl",
  z.string().meta({
    examples: ['{"message":"[{\\"id\\":1}]","message_type":"dataset","extra":{}}\n'],
  }),
  "One `PreviewMessage` a line, each as it comes; heartbeats while nothing does.",
);
export const resultFile = answerOf(
  "application/octet-stream",
  z.string().meta({ format: "binary", examples: ["(a tar.gz)"] }),
  "The file; the dataset is a tar.gz of Parquet.",
);
