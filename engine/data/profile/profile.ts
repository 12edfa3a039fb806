import { z } from "zod";

import type { Column, Design } from "../design/design.ts";
import { type Figures, FiguresSchema, HistogramSchema, histogramOf, significant } from "./figures.ts";
import { JudgeProfile, buildJudgeProfiles } from "./judge-profile.ts";
import { countDistinct, medianOf } from "./sketch.ts";
import { type ColumnSummary, EMPTY_SUMMARY, type TableSummary } from "./summary.ts";

const ColumnStatistics = z.object({
  column_name: z.string(),
  column_type: z.string(),
  pyarrow_dtype: z.string(),
  simple_dtype: z.string(),
  num_records: z.number(),
  num_null: z.number(),
  percent_null: z.number(),
  /** An estimate when `num_unique_is_exact` is false. */
  num_unique: z.number(),
  percent_unique: z.number(),
  num_unique_is_exact: z.boolean(),
  sampler_type: z.string().optional(),
  distribution_type: z.enum(["categorical", "numerical", "text", "other", "unknown"]).optional(),
  distribution: z.union([FiguresSchema, HistogramSchema]).nullable().optional(),
  /** Of text made by a model: tokens estimated as a quarter of the characters. */
  output_tokens: FiguresSchema.nullable().optional(),
  num_valid_records: z.number().optional(),
});
export type ColumnStatistics = z.infer<typeof ColumnStatistics>;

/**
 * The profile of a dataset. Field names are those of Data Designer's analysis, so that its readers find them.
 * Source: NVIDIA-NeMo/DataDesigner, `DatasetProfilerResults`.
 */
export const DatasetProfile = z.object({
  num_records: z.number(),
  target_num_records: z.number(),
  side_effect_column_names: z.array(z.string()),
  column_statistics: z.array(ColumnStatistics),
  /** What profilers say of judge columns; null without a profiler, and where another writer has another shape. */
  column_profiles: z.array(JudgeProfile).nullable().optional().catch(null),
});
export type DatasetProfile = z.infer<typeof DatasetProfile>;

const DTYPES: Readonly<Record<ColumnSummary["type"], readonly [arrow: string, simple: string]>> = {
  int: ["int64", "int"],
  float: ["double", "float"],
  bool: ["bool", "bool"],
  text: ["string", "string"],
  json: ["string", "dict"],
};
const CATEGORICAL: readonly string[] = ["category", "subcategory", "bernoulli"];
const NUMERICAL: readonly string[] = ["uniform", "gaussian", "bernoulli_mixture", "binomial", "poisson", "scipy"];

export interface ProfileOptions {
  readonly design: Design;
  readonly summary: TableSummary;
  /** Columns of the dataset in order. */
  readonly columnNames: readonly string[];
  readonly sideEffectColumns?: readonly string[];
  readonly targetNumRecords: number;
}

export function buildProfile(options: ProfileOptions): DatasetProfile {
  const { design, summary, columnNames, sideEffectColumns = [], targetNumRecords } = options;
  const columns = new Map(design.columns.map((column) => [column.name, column]));
  const statistics = columnNames.map((name) =>
    columnStatistics(name, columns.get(name), summary.get(name) ?? EMPTY_SUMMARY),
  );
  return {
    num_records: statistics[0]?.num_records ?? 0,
    target_num_records: targetNumRecords,
    side_effect_column_names: [...sideEffectColumns],
    column_statistics: statistics,
    column_profiles: buildJudgeProfiles(design, summary, columnNames),
  };
}

/** A column that no design lists came from the seed dataset or beside a model's column. */
function columnStatistics(name: string, column: Column | undefined, summary: ColumnSummary): ColumnStatistics {
  const [arrow, simple] = DTYPES[summary.type];
  const { count, isExact } = countDistinct(summary.distinct);
  const unique = Math.min(count, summary.rowCount - summary.nullCount);
  return {
    column_name: name,
    column_type: column?.column_type ?? "seed-dataset",
    pyarrow_dtype: arrow,
    simple_dtype: simple,
    num_records: summary.rowCount,
    num_null: summary.nullCount,
    percent_null: percent(summary.nullCount, summary.rowCount),
    num_unique: unique,
    percent_unique: percent(unique, summary.rowCount),
    num_unique_is_exact: isExact,
    ...(column === undefined ? {} : typeStatistics(column, summary)),
  };
}

function typeStatistics(column: Column, summary: ColumnSummary): Partial<ColumnStatistics> {
  if (column.column_type === "sampler") {
    return { sampler_type: column.sampler_type, ...distributionOf(column.sampler_type, summary) };
  }
  if (column.column_type === "validation") return { num_valid_records: summary.validCount };
  if (column.column_type.startsWith("llm-")) return { output_tokens: figuresOf(summary) };
  if (column.column_type !== "expression") return {};
  return summary.type === "int" || summary.type === "float"
    ? { distribution_type: "numerical", distribution: figuresOf(summary) }
    : { distribution_type: "text", distribution: null };
}

function distributionOf(samplerType: string, summary: ColumnSummary): Partial<ColumnStatistics> {
  const isNumber = summary.type === "int" || summary.type === "float";
  if (CATEGORICAL.includes(samplerType)) {
    return { distribution_type: "categorical", distribution: histogramOf(summary.counts) };
  }
  if (NUMERICAL.includes(samplerType) && isNumber) {
    return { distribution_type: "numerical", distribution: figuresOf(summary) };
  }
  if (samplerType === "uuid") return { distribution_type: "text", distribution: null };
  return { distribution_type: "other", distribution: null };
}

function figuresOf({ moments, sample }: ColumnSummary): Figures | null {
  const median = medianOf(sample);
  if (median === undefined || moments.count === 0) return null;
  const variance = moments.count > 1 ? moments.squares / (moments.count - 1) : 0;
  return {
    min: moments.min,
    max: moments.max,
    mean: significant(moments.mean),
    stddev: significant(Math.sqrt(variance)),
    median: significant(median),
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Number(((part / whole) * 100).toFixed(2));
}
