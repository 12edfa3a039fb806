import { z } from "zod";

import { EXPORT_FORMATS } from "../../tools/data/dataset-job/export-formats.ts";
import { MAX_SQL_ROWS } from "../../tools/data/datasets/reader.ts";
import { MAX_PAGE_ROWS, RowFilter } from "../../tools/data/datasets/row-query.ts";
import { JOB_STATUSES } from "../../tools/data/designer/designer.ts";
import { named } from "../openapi/names.ts";
import { eventStream } from "../openapi/route-docs.ts";
import { JsonObject, Timestamp } from "./common.ts";

const MAX_LISTED = 1_000;
const MAX_OFFSET = 1_000_000_000;
const Seed = z.union([z.number().int(), z.string()], { error: "must be a whole number or text" });
const Status = z.enum(JOB_STATUSES);
const offset = z.coerce.number().int().min(0).max(MAX_OFFSET).default(0).describe("How many to pass over.");

const Config = z
  .union([JsonObject, z.string()], {
    error: 'must be a design: an object like {"columns": [...]}, or JSON or YAML text',
  })
  .meta({
    description: "A design: an object, or JSON or YAML text.",
    examples: [{ columns: [{ column_type: "sampler", name: "id", sampler_type: "uuid", params: {} }] }],
  });

export const DatasetParams = z.object({
  dataset_id: z
    .string()
    .min(1)
    .max(200)
    .meta({ description: "Id of the dataset, which is that of its job.", examples: ["job-3f2b8a546d0e"] }),
});

export const DatasetsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(20).describe("Size of a page."),
  offset,
  status: Status.optional().describe("Only datasets whose job has this status."),
});

/** A dataset with the job that makes it; times are ISO 8601. */
export const Dataset = named(
  "Dataset",
  z.object({
    id: z.string(),
    name: z.string(),
    status: Status,
    rows: z.number().int().nullable().describe("Rows that are finished."),
    target: z.number().int(),
    created_at: Timestamp,
    updated_at: Timestamp,
    text_model: z.string().nullable().describe("Who wrote the columns of models; null when there are none."),
    seed: Seed.nullable(),
  }),
);
export type Dataset = z.infer<typeof Dataset>;

export const DatasetList = named("DatasetList", z.object({ datasets: z.array(Dataset), total: z.number().int() }));

export const DatasetDetail = named(
  "DatasetDetail",
  Dataset.extend({
    description: z.string().nullable(),
    progress: z.object({
      version: z.number().int(),
      rows: z.number().int().nullable(),
      target: z.number().int(),
      rows_per_second: z.number().nullable(),
      eta_seconds: z.number().nullable(),
      failed_rows: z.number().int().nullable(),
      input_tokens: z.number().int().nullable(),
      output_tokens: z.number().int().nullable(),
    }),
    error: JsonObject.nullable().describe("`{message, code?}` of a job that failed."),
    config: z.unknown().describe("The design as it was given."),
    results: z.array(z.string()),
  }),
);
export type DatasetDetail = z.infer<typeof DatasetDetail>;

export const DatasetSchema = named(
  "DatasetSchema",
  z.object({
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.enum(["int", "float", "bool", "string", "json", "other"]),
        column_type: z.string().nullable(),
      }),
    ),
  }),
);

/** A filter is JSON in the query string; `filter=[{"column":"price","op":"gt","value":10}]`. */
export const RowsQuery = z.object({
  offset,
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ROWS).default(50).describe("Size of a page."),
  sort: z.string().max(1_000).optional().describe("Column names separated by commas, `-` before one for descending."),
  filter: z
    .string()
    .max(100_000)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: 'must be JSON: [{"column": …, "op": …, "value": …}, …]' });
        return z.NEVER;
      }
    })
    .pipe(RowFilter)
    .optional()
    .meta({ description: "Conditions in JSON.", examples: ['[{"column":"price","op":"gt","value":10}]'] }),
});

const Row = z.record(z.string(), z.unknown());

export const Rows = named(
  "DatasetRows",
  z.object({
    rows: z.array(Row),
    offset: z.number().int(),
    limit: z.number().int(),
    total: z.number().int().describe("Rows that the filter leaves."),
  }),
);

export const SqlBody = named(
  "SqlRequest",
  z.object({
    sql: z
      .string()
      .min(1)
      .max(100_000)
      .meta({
        description: "One reading statement over the table `dataset`.",
        examples: ["select count(*) as n from dataset"],
      }),
    limit: z.number().int().min(1).max(MAX_SQL_ROWS).default(1_000),
  }),
);

export const SqlResult = named(
  "SqlResult",
  z.object({
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rows: z.array(Row),
    row_count: z.number().int(),
    truncated: z.boolean(),
    elapsed_ms: z.number(),
  }),
);

export const DownloadQuery = z.object({
  format: z.enum(EXPORT_FORMATS).default("jsonl").describe("Format of the file."),
});

export const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).optional().describe("The last event the reader already has; 0 for none."),
});

export const CreateDataset = named(
  "CreateDatasetRequest",
  z.object({
    config: Config,
    num_records: z.number().int().min(1),
    name: z.string().min(1).optional(),
    description: z.string().optional(),
    seed: Seed.optional(),
    row_group_size: z.number().int().min(1).optional(),
    idempotency_key: z.string().min(1).max(200).optional(),
  }),
);

export const PreviewDataset = named(
  "PreviewDatasetRequest",
  z.object({
    config: Config,
    num_records: z.number().int().min(1).default(10),
    seed: Seed.optional(),
  }),
);

export const DatasetPreview = named(
  "DatasetPreview",
  z.object({
    records: z.array(Row),
    profile: z.unknown(),
    logs: z.array(z.object({ level: z.string(), message: z.string() })),
  }),
);

export const DatasetProfile = named(
  "DatasetProfile",
  z
    .unknown()
    .meta({ description: "Statistics of the dataset and of each column.", examples: [{ rows: 100, columns: [] }] }),
);

const FILE: z.ZodType = z.string().meta({ format: "binary", examples: ["(the file)"] });
export const datasetFile = {
  description: "The dataset as one file.",
  content: {
    "application/x-ndjson": { schema: FILE },
    "text/csv": { schema: FILE },
    "application/vnd.apache.parquet": { schema: FILE },
  },
};
export const datasetEvents = eventStream(
  "What the job tells, then `end` with its status when it has ended. Comments keep a silent connection.",
  'id: 1\nevent: status\ndata: {"status":"active"}\n\nevent: end\ndata: {"status":"completed"}\n\n',
);
