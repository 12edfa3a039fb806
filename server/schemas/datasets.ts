import { z } from "zod";

import { EXPORT_FORMATS } from "../../tools/data/dataset-job/export-formats.ts";
import { MAX_SQL_ROWS } from "../../tools/data/datasets/reader.ts";
import { MAX_PAGE_ROWS, RowFilter } from "../../tools/data/datasets/row-query.ts";
import { JOB_STATUSES } from "../../tools/data/designer/designer.ts";
import { JsonObject } from "./common.ts";

const MAX_LISTED = 1_000;
const MAX_OFFSET = 1_000_000_000;
const Seed = z.union([z.number().int(), z.string()], { error: "must be a whole number or text" });
const Status = z.enum(JOB_STATUSES);
const offset = z.coerce.number().int().min(0).max(MAX_OFFSET).default(0);

const Config = z
  .union([JsonObject, z.string()], {
    error: 'must be a design: an object like {"columns": [...]}, or JSON or YAML text',
  })
  .describe("A design: an object, or JSON or YAML text.");

export const DatasetParams = z.object({ dataset_id: z.string().min(1).max(200) });

export const DatasetsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(20),
  offset,
  status: Status.optional(),
});

/** A dataset with the job that makes it; times are ISO 8601. */
export const Dataset = z.object({
  id: z.string(),
  name: z.string(),
  status: Status,
  rows: z.number().int().nullable().describe("Rows that are finished."),
  target: z.number().int(),
  created_at: z.string(),
  updated_at: z.string(),
  text_model: z.string().nullable().describe("Who wrote the columns of models; null when there are none."),
  seed: Seed.nullable(),
});
export type Dataset = z.infer<typeof Dataset>;

export const DatasetList = z.object({ datasets: z.array(Dataset), total: z.number().int() });

export const DatasetDetail = Dataset.extend({
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
});
export type DatasetDetail = z.infer<typeof DatasetDetail>;

export const DatasetSchema = z.object({
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.enum(["int", "float", "bool", "string", "json", "other"]),
      column_type: z.string().nullable(),
    }),
  ),
});

/** A filter is JSON in the query string; `filter=[{"column":"price","op":"gt","value":10}]`. */
export const RowsQuery = z.object({
  offset,
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ROWS).default(50),
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
    .optional(),
});

const Row = z.record(z.string(), z.unknown());

export const Rows = z.object({
  rows: z.array(Row),
  offset: z.number().int(),
  limit: z.number().int(),
  total: z.number().int().describe("Rows that the filter leaves."),
});

export const SqlBody = z.object({
  sql: z.string().min(1).max(100_000).describe("One reading statement over the table `dataset`."),
  limit: z.number().int().min(1).max(MAX_SQL_ROWS).default(1_000),
});

export const SqlResult = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(Row),
  row_count: z.number().int(),
  truncated: z.boolean(),
  elapsed_ms: z.number(),
});

export const DownloadQuery = z.object({ format: z.enum(EXPORT_FORMATS).default("jsonl") });

export const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).optional().describe("The last event the reader already has; 0 for none."),
});

export const CreateDataset = z.object({
  config: Config,
  num_records: z.number().int().min(1),
  name: z.string().min(1).optional(),
  description: z.string().optional(),
  seed: Seed.optional(),
  row_group_size: z.number().int().min(1).optional(),
  idempotency_key: z.string().min(1).max(200).optional(),
});

export const PreviewDataset = z.object({
  config: Config,
  num_records: z.number().int().min(1).default(10),
  seed: Seed.optional(),
});

export const DatasetPreview = z.object({
  records: z.array(Row),
  profile: z.unknown(),
  logs: z.array(z.object({ level: z.string(), message: z.string() })),
});
