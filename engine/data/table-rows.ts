import { compileStrftime } from "./strftime.ts";
import type { ColumnData, JsonValue, Table } from "./table.ts";

/** A row with its columns in the table's order. The prototype is null: a column may be named like anything. */
export type Row = Record<string, JsonValue>;

export function isNullAt(column: ColumnData, row: number): boolean {
  return column.isNull !== undefined && column.isNull[row] === 1;
}

/** The value of one cell as the dataset shows it: a time as text by its format, a missing value as null. */
export function cellAt(column: ColumnData, row: number): JsonValue {
  return compileCells(column)(row);
}

/** Like `cellAt` for many rows of one column: what depends on the column alone is done once. */
export function compileCells(column: ColumnData): (row: number) => JsonValue {
  const read = compileValues(column);
  const { isNull } = column;
  return isNull === undefined ? read : (row) => (isNull[row] === 1 ? null : read(row));
}

function compileValues(column: ColumnData): (row: number) => JsonValue {
  switch (column.type) {
    case "int":
    case "float":
      return (row) => finiteOrNull(column.values[row]);
    case "bool":
      return (row) => column.values[row] === 1;
    case "text":
      return (row) => column.values[row] ?? null;
    case "category":
      return (row) => column.values[column.codes[row] ?? -1] ?? null;
    case "time": {
      const format = compileStrftime(column.format);
      return (row) => format(column.seconds[row] ?? Number.NaN);
    }
    case "json":
      return (row) => column.values[row] ?? null;
  }
}

/** JSON has no NaN and no infinity. */
function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** All rows as records. */
export function tableRows(table: Table): Row[] {
  const rows = Array.from({ length: table.rowCount }, () => Object.create(null) as Row);
  for (const [name, column] of table.columns) {
    const read = compileCells(column);
    for (const [at, row] of rows.entries()) row[name] = read(at);
  }
  return rows;
}

/** A column from cells of any kind: the narrowest type that holds them all without loss; all null is text. */
export function columnFromValues(values: readonly JsonValue[]): ColumnData {
  const isNull = nullsOf(values);
  const present = values.filter((value) => value !== null);
  const nullable = isNull === undefined ? {} : { isNull };
  if (present.every((value) => typeof value === "string")) {
    return { type: "text", values: values.map((value) => (typeof value === "string" ? value : "")), ...nullable };
  }
  if (present.every((value) => typeof value === "boolean")) {
    return { type: "bool", values: Uint8Array.from(values, (value) => (value === true ? 1 : 0)), ...nullable };
  }
  if (present.every((value) => typeof value === "number")) {
    const type = present.every((value) => Number.isSafeInteger(value)) ? "int" : "float";
    const numbers = Float64Array.from(values, (value) => (typeof value === "number" ? value : 0));
    return { type, values: numbers, ...nullable };
  }
  return { type: "json", values, ...nullable };
}

function nullsOf(values: readonly JsonValue[]): Uint8Array | undefined {
  if (!values.includes(null)) return undefined;
  return Uint8Array.from(values, (value) => (value === null ? 1 : 0));
}
