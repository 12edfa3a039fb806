import { formatTimes } from "../table-parts.ts";
import { isNullAt } from "../table-rows.ts";
import type { ColumnData, Table } from "../table.ts";
import { NO_SCORES, type ScoreSummaries, mergeScores, scoresOf } from "./judge-scores.ts";
import {
  type Counts,
  type DistinctSketch,
  MAX_COUNTED,
  NO_SAMPLE,
  NO_VALUES,
  type SampleSketch,
  distinctOf,
  hashNumber,
  hashText,
  mergeCounts,
  mergeDistinct,
  mergeSamples,
  sampleLimit,
  sampleOf,
} from "./sketch.ts";

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared distances from the mean. */
  readonly squares: number;
  readonly min: number;
  readonly max: number;
}

/**
 * What is kept of some rows of a column. Plain data, so that it travels between threads; summaries of neighbouring
 * rows can be put together.
 */
export interface ColumnSummary {
  readonly type: "int" | "float" | "bool" | "text" | "json";
  readonly rowCount: number;
  readonly nullCount: number;
  readonly distinct: DistinctSketch;
  readonly counts: Counts;
  /** Of numbers the values, of text the estimated tokens: a quarter of the characters. */
  readonly moments: Moments;
  readonly sample: SampleSketch;
  /** Cells with `is_valid` true: what validation columns are about. */
  readonly validCount: number;
  /** Of judge columns. */
  readonly scores: ScoreSummaries;
}

export type TableSummary = ReadonlyMap<string, ColumnSummary>;

const NO_MOMENTS: Moments = { count: 0, mean: 0, squares: 0, min: Infinity, max: -Infinity };

/** `firstRow` is the place of the table's first row in the dataset; it picks which rows are in the sample. */
export function summarizeTable(table: Table, firstRow: number): TableSummary {
  const summaries = new Map<string, ColumnSummary>();
  const keys = Float64Array.from({ length: table.rowCount }, (_, row) => hashNumber(firstRow + row));
  const limit = sampleLimit(keys);
  for (const [name, column] of formatTimes(table).columns) {
    summaries.set(name, summarizeColumn(column, keys, limit));
  }
  return summaries;
}

/** `keys` are hashes of the rows' places, `limit` their sample's. */
function summarizeColumn(column: ColumnData, keys: Float64Array, limit: number): ColumnSummary {
  const rowCount = keys.length;
  const present = new Int32Array(rowCount);
  let count = 0;
  for (let row = 0; row < rowCount; row += 1) if (!isMissing(column, row)) present[count++] = row;
  const rows = present.subarray(0, count);
  const numbers = numbersOf(column, rows);
  return {
    type: column.type === "category" || column.type === "time" ? "text" : column.type,
    rowCount,
    nullCount: rowCount - rows.length,
    ...valuesOf(column, rows),
    moments: momentsOf(numbers),
    sample:
      count === rowCount
        ? sampleOf(keys, numbers, limit)
        : sampleOf(
            mapRows(rows, (row) => keys[row] ?? 0),
            numbers,
          ),
    scores: scoresOf(column, rows, keys),
    validCount: column.type === "json" ? rows.filter((row) => isValid(column.values[row])).length : 0,
  };
}

function isMissing(column: ColumnData, row: number): boolean {
  if (isNullAt(column, row)) return true;
  if (column.type === "float") return !Number.isFinite(column.values[row]);
  return column.type === "json" && (column.values[row] ?? null) === null;
}

function isValid(value: unknown): boolean {
  return typeof value === "object" && value !== null && "is_valid" in value && value.is_valid === true;
}

/** Loops over typed arrays: with ten million cells in a job, lists of numbers are most of its time. */
function mapRows(rows: Int32Array, map: (row: number) => number): Float64Array {
  const mapped = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += 1) mapped[at] = map(rows[at] ?? 0);
  return mapped;
}

function numbersOf(column: ColumnData, rows: Int32Array): Float64Array {
  switch (column.type) {
    case "int":
    case "float":
    case "bool":
      return mapRows(rows, (row) => column.values[row] ?? 0);
    case "text":
      return mapRows(rows, (row) => estimateTokens(column.values[row] ?? ""));
    case "category": {
      const tokens = column.values.map(estimateTokens);
      return mapRows(rows, (row) => tokens[column.codes[row] ?? 0] ?? 0);
    }
    case "json":
      return mapRows(rows, (row) => estimateTokens(JSON.stringify(column.values[row])));
    case "time":
      return new Float64Array();
  }
}

/** The usual rule of thumb for English; a tokenizer would be exact for one model only. */
function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

function valuesOf(column: ColumnData, rows: Int32Array): Pick<ColumnSummary, "distinct" | "counts"> {
  switch (column.type) {
    case "int":
    case "float":
    case "bool": {
      const { values } = column;
      const distinct = distinctOf(mapRows(rows, (row) => hashNumber(values[row] ?? 0)));
      const text = column.type === "bool" ? (value: number) => (value === 1 ? "true" : "false") : String;
      return {
        distinct,
        counts: column.type === "float" ? undefined : countAll(rows, (row) => text(values[row] ?? 0)),
      };
    }
    case "text": {
      const { values } = column;
      const distinct = distinctOf(mapRows(rows, (row) => hashText(values[row] ?? "")));
      return {
        distinct,
        counts: distinct.hashes.length > MAX_COUNTED ? undefined : countAll(rows, (row) => values[row] ?? ""),
      };
    }
    case "category": {
      const tally = new Map<number, number>();
      for (const row of rows) tally.set(column.codes[row] ?? 0, (tally.get(column.codes[row] ?? 0) ?? 0) + 1);
      const counts = new Map([...tally].map(([code, count]) => [column.values[code] ?? "", count]));
      return {
        distinct: distinctOf(Float64Array.from(counts.keys(), hashText)),
        counts: counts.size > MAX_COUNTED ? undefined : counts,
      };
    }
    case "json":
      return {
        distinct: distinctOf(mapRows(rows, (row) => hashText(JSON.stringify(column.values[row])))),
        counts: undefined,
      };
    case "time":
      return { distinct: NO_VALUES, counts: undefined };
  }
}

function countAll(rows: Int32Array, text: (row: number) => string): Counts {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = text(row);
    counts.set(value, (counts.get(value) ?? 0) + 1);
    if (counts.size > MAX_COUNTED) return undefined;
  }
  return counts;
}

function momentsOf(numbers: Float64Array): Moments {
  let { mean, squares, min, max } = NO_MOMENTS;
  for (let at = 0; at < numbers.length; at += 1) {
    const value = numbers[at] ?? 0;
    const distance = value - mean;
    mean += distance / (at + 1);
    squares += distance * (value - mean);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { count: numbers.length, mean, squares, min, max };
}

/** Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm", 1979. */
function mergeMoments(left: Moments, right: Moments): Moments {
  const count = left.count + right.count;
  if (count === 0) return NO_MOMENTS;
  const distance = right.mean - left.mean;
  return {
    count,
    mean: left.mean + (distance * right.count) / count,
    squares: left.squares + right.squares + (distance * distance * left.count * right.count) / count,
    min: Math.min(left.min, right.min),
    max: Math.max(left.max, right.max),
  };
}

/** The summary of both parts. A column that one part does not have counts as having no rows there. */
export function mergeSummaries(left: TableSummary, right: TableSummary): TableSummary {
  const merged = new Map(left);
  for (const [name, summary] of right) {
    const before = merged.get(name);
    merged.set(name, before === undefined ? summary : mergeColumn(before, summary));
  }
  return merged;
}

function mergeColumn(left: ColumnSummary, right: ColumnSummary): ColumnSummary {
  return {
    type: left.type === right.type ? left.type : joinTypes(left, right),
    rowCount: left.rowCount + right.rowCount,
    nullCount: left.nullCount + right.nullCount,
    distinct: mergeDistinct(left.distinct, right.distinct),
    counts: mergeCounts(left.counts, right.counts),
    moments: mergeMoments(left.moments, right.moments),
    sample: mergeSamples(left.sample, right.sample),
    validCount: left.validCount + right.validCount,
    scores: mergeScores(left.scores, right.scores),
  };
}

/** A part that is all missing says nothing about the type. */
function joinTypes(left: ColumnSummary, right: ColumnSummary): ColumnSummary["type"] {
  if (left.nullCount === left.rowCount) return right.type;
  if (right.nullCount === right.rowCount) return left.type;
  const types = new Set([left.type, right.type]);
  return types.size === 2 && types.has("int") && types.has("float") ? "float" : "json";
}

export const EMPTY_SUMMARY: ColumnSummary = {
  type: "text",
  rowCount: 0,
  nullCount: 0,
  distinct: NO_VALUES,
  counts: new Map(),
  moments: NO_MOMENTS,
  sample: NO_SAMPLE,
  validCount: 0,
  scores: NO_SCORES,
};
