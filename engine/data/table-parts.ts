import { compileCells } from "./table-rows.ts";
import { compileStrftime } from "./strftime.ts";
import type { ColumnData, Table } from "./table.ts";

/** The rows at `rows`, in that order; a row may come more than once. */
export function takeColumn(column: ColumnData, rows: ArrayLike<number>): ColumnData {
  const nullable =
    column.isNull === undefined ? {} : { isNull: take(column.isNull, rows, new Uint8Array(rows.length)) };
  switch (column.type) {
    case "int":
    case "float":
      return { type: column.type, values: take(column.values, rows, new Float64Array(rows.length)), ...nullable };
    case "bool":
      return { type: "bool", values: take(column.values, rows, new Uint8Array(rows.length)), ...nullable };
    case "category":
      return { ...column, codes: take(column.codes, rows, new Int32Array(rows.length)), ...nullable };
    case "time":
      return { ...column, seconds: take(column.seconds, rows, new Float64Array(rows.length)), ...nullable };
    case "text":
      return { type: "text", values: Array.from(rows, (row) => column.values[row] ?? ""), ...nullable };
    case "json":
      return { type: "json", values: Array.from(rows, (row) => column.values[row] ?? null), ...nullable };
  }
}

function take<Numbers extends Float64Array | Int32Array | Uint8Array>(
  from: Numbers,
  rows: ArrayLike<number>,
  to: Numbers,
): Numbers {
  for (let at = 0; at < rows.length; at += 1) to[at] = from[rows[at] ?? 0] ?? 0;
  return to;
}

export function takeRows(table: Table, rows: ArrayLike<number>): Table {
  return mapColumns(table, rows.length, (column) => takeColumn(column, rows));
}

/** Rows `start` to `end - 1`; typed arrays are shared with the table, not copied. */
export function sliceColumn(column: ColumnData, start: number, end: number): ColumnData {
  const nullable = column.isNull === undefined ? {} : { isNull: column.isNull.subarray(start, end) };
  switch (column.type) {
    case "int":
    case "float":
      return { type: column.type, values: column.values.subarray(start, end), ...nullable };
    case "bool":
      return { type: "bool", values: column.values.subarray(start, end), ...nullable };
    case "category":
      return { ...column, codes: column.codes.subarray(start, end), ...nullable };
    case "time":
      return { ...column, seconds: column.seconds.subarray(start, end), ...nullable };
    case "text":
      return { type: "text", values: column.values.slice(start, end), ...nullable };
    case "json":
      return { type: "json", values: column.values.slice(start, end), ...nullable };
  }
}

export function sliceTable(table: Table, start: number, end: number): Table {
  const last = Math.min(end, table.rowCount);
  const first = Math.min(start, last);
  return mapColumns(table, last - first, (column) => sliceColumn(column, first, last));
}

/**
 * The columns one below the other. Where their types differ the answer is the narrowest that holds them all: text of
 * either kind is text, whole numbers and floats are floats, anything else is JSON.
 */
export function concatColumns(parts: readonly ColumnData[], rowCounts: readonly number[]): ColumnData {
  const total = rowCounts.reduce((sum, count) => sum + count, 0);
  const types = new Set(parts.map((part) => part.type));
  const isNull = parts.some((part) => part.isNull !== undefined) ? new Uint8Array(total) : undefined;
  if (isNull !== undefined) {
    forEachPart(parts, rowCounts, (part, offset) => part.isNull !== undefined && isNull.set(part.isNull, offset));
  }
  const nullable = isNull === undefined ? {} : { isNull };
  if ([...types].every((type) => type === "int" || type === "float")) {
    const values = new Float64Array(total);
    forEachPart(
      parts,
      rowCounts,
      (part, offset) => "values" in part && values.set(part.values as Float64Array, offset),
    );
    return { type: types.has("float") ? "float" : "int", values, ...nullable };
  }
  if (types.size === 1 && types.has("bool")) {
    const values = new Uint8Array(total);
    forEachPart(parts, rowCounts, (part, offset) => "values" in part && values.set(part.values as Uint8Array, offset));
    return { type: "bool", values, ...nullable };
  }
  const cells = parts.flatMap((part, at) => {
    const read = compileCells(part);
    return Array.from({ length: rowCounts[at] ?? 0 }, (_, row) => read(row));
  });
  const isText = [...types].every((type) => type === "text" || type === "category" || type === "time");
  if (isText) return { type: "text", values: cells.map((cell) => (typeof cell === "string" ? cell : "")), ...nullable };
  return { type: "json", values: cells, ...nullable };
}

function forEachPart(
  parts: readonly ColumnData[],
  rowCounts: readonly number[],
  act: (part: ColumnData, offset: number) => unknown,
): void {
  let offset = 0;
  for (const [at, part] of parts.entries()) {
    act(part, offset);
    offset += rowCounts[at] ?? 0;
  }
}

/** Tables with the same columns one below the other; an empty list is an empty table. */
export function concatTables(tables: readonly Table[]): Table {
  const [first] = tables;
  if (first === undefined) return { rowCount: 0, columns: new Map() };
  if (tables.length === 1) return first;
  const rowCounts = tables.map((table) => table.rowCount);
  const columns = new Map<string, ColumnData>();
  for (const name of first.columns.keys()) {
    const parts = tables.map((table) => {
      const part = table.columns.get(name);
      if (part === undefined) throw new Error(`column "${name}" is not in every table`);
      return part;
    });
    columns.set(name, concatColumns(parts, rowCounts));
  }
  return { rowCount: rowCounts.reduce((sum, count) => sum + count, 0), columns };
}

/** The table as a finished dataset has it: points in time become text by their format. */
export function formatTimes(table: Table): Table {
  return mapColumns(table, table.rowCount, (column) => (column.type === "time" ? timesAsText(column) : column));
}

/** Times often repeat (days of a year), so each different one is formatted once. */
function timesAsText(column: Extract<ColumnData, { type: "time" }>): ColumnData {
  const format = compileStrftime(column.format);
  const codeOf = new Map<number, number>();
  const values: string[] = [];
  const codes = new Int32Array(column.seconds.length);
  for (const [row, seconds] of column.seconds.entries()) {
    let code = codeOf.get(seconds);
    if (code === undefined) {
      code = values.length;
      codeOf.set(seconds, code);
      values.push(format(seconds));
    }
    codes[row] = code;
  }
  const nullable = column.isNull === undefined ? {} : { isNull: column.isNull };
  return { type: "category", codes, values, ...nullable };
}

function mapColumns(table: Table, rowCount: number, map: (column: ColumnData) => ColumnData): Table {
  const columns = new Map<string, ColumnData>();
  for (const [name, column] of table.columns) columns.set(name, map(column));
  return { rowCount, columns };
}
