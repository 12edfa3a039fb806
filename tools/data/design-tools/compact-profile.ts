import { z } from "zod";

import type { JsonValue } from "../../../engine/data/table.ts";

type Row = Readonly<Record<string, JsonValue>>;

export const ColumnProfile = z.object({
  column: z.string().describe("Column"),
  type: z.string().describe("number, text, boolean, object, list, or mixed; empty when every cell is"),
  nulls: z.number().int().describe("Empty cells"),
  distinct: z.number().int().describe("Different values"),
  min: z.number().optional().describe("Least number"),
  max: z.number().optional().describe("Greatest number"),
  mean: z.number().optional().describe("Mean of the numbers"),
  top: z.array(z.string()).optional().describe("Most frequent values with their counts"),
});
export type ColumnProfile = z.infer<typeof ColumnProfile>;

const MAX_TOP = 3;
const MAX_TOP_CHARACTERS = 40;

/** What the columns of a few rows hold, one entry for each column, in the order of the first row. */
export function compactProfile(rows: readonly Row[]): ColumnProfile[] {
  return Object.keys(rows[0] ?? {}).map((column) =>
    profileColumn(
      column,
      rows.map((row) => row[column] ?? null),
    ),
  );
}

function profileColumn(column: string, cells: readonly JsonValue[]): ColumnProfile {
  const values = cells.filter((cell) => cell !== null);
  const counts = new Map<string, number>();
  for (const value of values) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const numbers = values.filter((value) => typeof value === "number");
  const isNumeric = numbers.length > 0 && numbers.length === values.length;
  return {
    column,
    type: typeOf(values),
    nulls: cells.length - values.length,
    distinct: counts.size,
    ...(isNumeric
      ? {
          min: Math.min(...numbers),
          max: Math.max(...numbers),
          mean: Number((numbers.reduce((sum, one) => sum + one, 0) / numbers.length).toPrecision(6)),
        }
      : { top: topOf(counts) }),
  };
}

function typeOf(values: readonly JsonValue[]): string {
  const types = new Set(
    values.map((value) => {
      if (Array.isArray(value)) return "list";
      return typeof value === "string" ? "text" : typeof value;
    }),
  );
  return types.size > 1 ? "mixed" : ([...types][0] ?? "");
}

function topOf(counts: ReadonlyMap<string, number>): string[] {
  return [...counts]
    .toSorted((left, right) => right[1] - left[1])
    .slice(0, MAX_TOP)
    .map(([value, count]) => `${cutCell(value, MAX_TOP_CHARACTERS)} (${count})`);
}

/** The text, or its beginning and how long it is. */
export function cutCell(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… [${text.length} characters]`;
}

const MAX_CELL_CHARACTERS = 600;
const MAX_ROWS_CHARACTERS = 40_000;

export interface BoundRows {
  readonly rows: Row[];
  /** Rows that did not fit. */
  readonly leftOut: number;
}

/** The rows with long cells cut, as many as fit into the answer. */
export function boundRows(rows: readonly Row[]): BoundRows {
  const kept: Row[] = [];
  let size = 0;
  for (const row of rows) {
    const cut = Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, boundCell(cell)]));
    size += JSON.stringify(cut).length;
    if (size > MAX_ROWS_CHARACTERS && kept.length > 0) break;
    kept.push(cut);
  }
  return { rows: kept, leftOut: rows.length - kept.length };
}

/** An object that is too long is shown as the beginning of its JSON. */
function boundCell(cell: JsonValue): JsonValue {
  if (typeof cell === "string") return cutCell(cell, MAX_CELL_CHARACTERS);
  if (typeof cell !== "object" || cell === null) return cell;
  const text = JSON.stringify(cell);
  return text.length <= 2 * MAX_CELL_CHARACTERS ? cell : cutCell(text, MAX_CELL_CHARACTERS);
}
