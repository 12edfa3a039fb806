import { compileCells } from "../../../engine/data/table-rows.ts";
import { compileStrftime } from "../../../engine/data/strftime.ts";
import type { ColumnData } from "../../../engine/data/table.ts";

/**
 * A float as text that stays a float for whoever reads it: 3 is `3.0`, in JSON and in CSV. Answers `missing` for what is
 * no finite number.
 */
function floatText(value: number, missing: string): string {
  if (!Number.isFinite(value)) return missing;
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}

/**
 * A function from row to the text of the cell. `quote` makes text safe for the format, `missing` stands for a missing
 * value. What depends on the column alone is done once: the values of a category column are quoted once each.
 */
export function compileCellText(
  column: ColumnData,
  { quote, missing }: { readonly quote: (text: string) => string; readonly missing: string },
): (row: number) => string {
  const read = compileText(column, quote, missing);
  const { isNull } = column;
  return isNull === undefined ? read : (row) => (isNull[row] === 1 ? missing : read(row));
}

function compileText(column: ColumnData, quote: (text: string) => string, missing: string): (row: number) => string {
  switch (column.type) {
    case "int":
      return (row) => String(column.values[row] ?? missing);
    case "float":
      return (row) => floatText(column.values[row] ?? Number.NaN, missing);
    case "bool":
      return (row) => (column.values[row] === 1 ? "true" : "false");
    case "text":
      return (row) => quote(column.values[row] ?? "");
    case "category": {
      const texts = column.values.map(quote);
      return (row) => texts[column.codes[row] ?? -1] ?? missing;
    }
    case "time": {
      const format = compileStrftime(column.format);
      return (row) => quote(format(column.seconds[row] ?? Number.NaN));
    }
    case "json":
      return jsonCells(column, quote, missing);
  }
}

/** In JSON a cell is the value itself; elsewhere it is the value's JSON, but for text, which is itself. */
function jsonCells(column: ColumnData, quote: (text: string) => string, missing: string): (row: number) => string {
  const read = compileCells(column);
  const isJson = missing === "null";
  return (row) => {
    const value = read(row);
    if (value === null) return missing;
    if (typeof value === "string") return quote(value);
    return isJson ? JSON.stringify(value) : quote(JSON.stringify(value));
  };
}
