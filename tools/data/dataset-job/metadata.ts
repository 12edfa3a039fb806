import { readFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { writeFileAtomically } from "../writers/atomic-file.ts";
import { Usage } from "./usage.ts";

/** One finished row group: rows `first_row` to `first_row + row_count - 1` were made, `num_records` of them survived. */
const RowGroupEntry = z.object({
  id: z.number().int(),
  first_row: z.number().int(),
  row_count: z.number().int(),
  num_records: z.number().int(),
});
export type RowGroupEntry = z.infer<typeof RowGroupEntry>;

const FailureEntry = z.object({ row: z.number(), column: z.string(), kind: z.string(), message: z.string() });

/** Rows that were dropped, by column and kind, with the first rows as examples. */
const FailureCount = z.object({
  column: z.string(),
  kind: z.string(),
  count: z.number().int(),
  examples: z.array(FailureEntry),
});
export type FailureCount = z.infer<typeof FailureCount>;

/** Values of a processor's column that could not be made, with the first of them as examples; a row is its number in the dataset file. */
const TransformFailureCount = z.object({
  processor: z.string(),
  column: z.string(),
  count: z.number().int(),
  examples: z.array(z.object({ row: z.number(), message: z.string() })),
});
export type TransformFailureCount = z.infer<typeof TransformFailureCount>;

/**
 * `metadata.json` of a dataset. The first fields are those of Data Designer, the others tell what a resume needs and
 * what happened to rows that were dropped.
 * Source: NVIDIA-NeMo/DataDesigner, dataset metadata.
 */
export const Metadata = z.object({
  target_num_records: z.number().int(),
  original_target_num_records: z.number().int(),
  actual_num_records: z.number().int(),
  total_num_batches: z.number().int(),
  num_completed_batches: z.number().int(),
  buffer_size: z.number().int(),
  dataset_name: z.string(),
  file_paths: z.object({
    "parquet-files": z.array(z.string()),
    "processor-files": z.record(z.string(), z.array(z.string())),
  }),
  config_hash: z.string(),
  config_hash_algo: z.string(),
  config_hash_version: z.number().int(),
  preserve_dropped_columns: z.boolean(),
  post_generation_state: z.string().nullable(),
  seed: z.union([z.number(), z.string()]),
  /** Who wrote the text of model columns: `offline` is the built-in text model; null when there are none. */
  text_model: z.string().nullable(),
  /** Who made the vectors of embedding columns; absent when there are none. */
  embedding_model: z.string().optional(),
  row_groups: z.array(RowGroupEntry),
  failures: z.array(FailureCount),
  /** Gaps in the second datasets of schema transforms; the rows themselves are in the dataset. Absent when there are none. */
  transform_failures: z.array(TransformFailureCount).optional(),
  /** Absent when no model was asked. */
  usage: Usage.optional(),
});
export type Metadata = z.infer<typeof Metadata>;

export const PARQUET_FOLDER = "parquet-files";
export const DROPPED_FOLDER = "dropped-columns-parquet-files";
export const PROCESSORS_FOLDER = "processors-files";
export const PARTIAL_FOLDER = "tmp-partial-parquet-files";
/** The dataset described for people. */
export const CARD_FILE = "README.md";

/** Examples of one kind of failure. */
export const MAX_EXAMPLES = 20;

export function batchName(id: number): string {
  return `batch_${String(id).padStart(5, "0")}.parquet`;
}

/** Undefined when the folder holds none. Throws `unreadable_input` when it is damaged. */
export async function readMetadata(folder: string): Promise<Metadata | undefined> {
  const file = path.join(folder, "metadata.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return Metadata.parse(JSON.parse(text));
  } catch (error) {
    throw new ServiceError("unreadable_input", `${file} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

export async function writeMetadata(folder: string, metadata: Metadata): Promise<void> {
  await writeFileAtomically(path.join(folder, "metadata.json"), `${JSON.stringify(metadata, null, 2)}\n`, {
    isDurable: true,
  });
}

/** Adds failures to their counts; examples are the rows that come first in the dataset. */
export function addFailures(
  counts: readonly FailureCount[],
  failures: readonly z.infer<typeof FailureEntry>[],
): FailureCount[] {
  const byKind = new Map(counts.map((count) => [`${count.column}\u0000${count.kind}`, count]));
  for (const failure of failures) {
    const key = `${failure.column}\u0000${failure.kind}`;
    const { column, kind } = failure;
    const before = byKind.get(key) ?? { column, kind, count: 0, examples: [] };
    const examples = [...before.examples, failure].sort((left, right) => left.row - right.row).slice(0, MAX_EXAMPLES);
    byKind.set(key, { column, kind, count: before.count + 1, examples });
  }
  return [...byKind.values()];
}

/** Adds what the transforms of a row group could not make. */
export function addTransformFailures(
  { transform_failures: counts = [] }: Metadata,
  added: readonly TransformFailureCount[],
): Pick<Metadata, "transform_failures"> {
  if (added.length === 0) return {};
  const byColumn = new Map(counts.map((count) => [`${count.processor}\u0000${count.column}`, count]));
  for (const count of added) {
    const key = `${count.processor}\u0000${count.column}`;
    const before = byColumn.get(key);
    const examples = [...(before?.examples ?? []), ...count.examples].sort((left, right) => left.row - right.row);
    byColumn.set(key, {
      ...count,
      count: (before?.count ?? 0) + count.count,
      examples: examples.slice(0, MAX_EXAMPLES),
    });
  }
  return { transform_failures: [...byColumn.values()] };
}
