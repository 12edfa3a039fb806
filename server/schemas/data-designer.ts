import { z } from "zod";

import { JOB_SORTS, JOB_STATUSES } from "../../tools/data/designer/designer.ts";
import { named } from "../openapi/names.ts";
import { answerOf } from "../openapi/route-docs.ts";
import { JsonObject, Timestamp } from "./common.ts";

/**
 * Wire schemas of the Data Designer service, version 1.4.0, under the names of its OpenAPI document. A field that has no
 * value is left out, except where the document requires it.
 */

const MAX_PAGE_SIZE = 1_000;

/** What a config holds is checked where designs are read, so that one answer names all that is wrong. */
const DataDesignerConfig = named(
  "DataDesignerConfig",
  z
    .looseObject({
      columns: z.array(z.unknown()).min(1).describe("What each column holds, in the order of the columns."),
    })
    .meta({
      description: "A design, as the Data Designer writes it.",
      examples: [
        {
          columns: [
            { column_type: "sampler", name: "id", sampler_type: "uuid", params: {} },
            { column_type: "sampler", name: "price", sampler_type: "uniform", params: { low: 1, high: 9 } },
          ],
        },
      ],
    }),
);
const JsonValue = named("JsonValue", z.json());

export const DataDesignerJobConfig = named(
  "DataDesignerJobConfig",
  z.looseObject({
    num_records: z
      .number()
      .int()
      .meta({ description: "Rows to make.", examples: [100] }),
    config: DataDesignerConfig,
  }),
);

export const DataDesignerJobRequest = named(
  "DataDesignerJobRequest",
  z.looseObject({
    name: z.string().nullish(),
    description: z.string().nullish(),
    namespace: z.string().nullish(),
    project: z.string().nullish(),
    spec: DataDesignerJobConfig,
    ownership: z.record(z.string(), JsonValue).nullish(),
    custom_fields: z.record(z.string(), JsonValue).nullish(),
  }),
);

export const PreviewRequest = named(
  "PreviewRequest",
  z.looseObject({
    config: DataDesignerConfig,
    num_records: z
      .number()
      .int()
      .nullish()
      .meta({ description: "Rows to make; 10 when left out.", examples: [5] }),
  }),
);

const PlatformJobStatus = z.enum(JOB_STATUSES);

const DataDesignerJobsListFilter = z.strictObject({ status: PlatformJobStatus.optional() });

const pageNumber = z.coerce.number().int().min(1).default(1).describe("Which page, counted from 1.");

/** The filter is written `filter[status]=active`, or as one JSON object. */
export const JobsQuery = z
  .looseObject({
    page: pageNumber,
    page_size: z.coerce
      .number()
      .int()
      .min(1)
      .default(10)
      .transform((size) => Math.min(size, MAX_PAGE_SIZE))
      .describe(`At most ${MAX_PAGE_SIZE} are answered; pagination tells the size that was used.`),
    sort: z.enum(JOB_SORTS).default("-created_at").describe("`-` before a field for the largest first."),
    filter: z.string().optional().describe('{"status": …}; also filter[status]=…'),
  })
  .transform((query, context) => {
    const { page, page_size: pageSize, sort } = query;
    const deep = Object.entries(query).flatMap(([key, value]) => {
      const [, part, name] = /^(filter|search)\[(.*)\]$/.exec(key) ?? [];
      return part === undefined || name === undefined ? [] : [{ part, name, value }];
    });
    // The document has no search; answering as if it had found everything would be wrong.
    if ("search" in query || deep.some(({ part }) => part === "search")) {
      context.addIssue({ code: "custom", path: ["search"], message: "jobs cannot be searched; use filter[status]" });
    }
    const fields = Object.fromEntries(
      deep.filter(({ part }) => part === "filter").map(({ name, value }) => [name, value]),
    );
    const filter = DataDesignerJobsListFilter.safeParse({ ...readObject(query.filter), ...fields });
    if (filter.success) return { page, pageSize, sort, filter: filter.data };
    for (const { path, message } of filter.error.issues) {
      context.addIssue({ code: "custom", path: ["filter", ...path], message });
    }
    return z.NEVER;
  });

function readObject(text: string | undefined): object {
  if (text === undefined || text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : { [text]: null };
  } catch {
    return { [text]: null };
  }
}

export const LogsQuery = z.looseObject({
  limit: z
    .union([z.literal("").transform(() => undefined), z.coerce.number().int().min(1)])
    .optional()
    .describe("Lines of a page; 100 when left out, at most 1,000."),
  page_cursor: z
    .string()
    .optional()
    .transform((cursor) => cursor || undefined)
    .describe("`next_page` of the page before."),
});

export const JobParams = z.object({
  job_id: z.string().meta({ description: "Id of the job.", examples: ["job-3f2b8a546d0e"] }),
});
export const ResultParams = JobParams.extend({
  result_name: z.string().meta({ description: "Name of the result.", examples: ["dataset"] }),
});

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
