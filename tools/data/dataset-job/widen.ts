import { compileCells } from "../../../engine/data/table-rows.ts";
import type { ColumnData, Table } from "../../../engine/data/table.ts";

type ColumnType = ColumnData["type"];

/** The narrowest types that hold the columns of some parts; a column whose every cell is missing so far has none. */
export type ColumnTypes = ReadonlyMap<string, ColumnType>;

/**
 * The types with one more part. A column of seed data or of a model can be whole numbers in one row group and text in the next; the
 * answer is what one row group of all rows would have.
 */
export function joinTableTypes(types: ColumnTypes, { columns, rowCount }: Table): ColumnTypes {
  const joined = new Map(types);
  for (const [name, column] of columns) {
    if (isAllMissing(column, rowCount)) continue;
    const type = column.type === "category" || column.type === "time" ? "text" : column.type;
    const before = joined.get(name);
    joined.set(name, before === undefined ? type : joinTypes(before, type));
  }
  return joined;
}

/** The table with columns of these types, which must be able to hold them; a column without a type is text. */
export function widenTable({ rowCount, columns }: Table, types: ColumnTypes): Table {
  const widened = [...columns].map(([name, column]): [string, ColumnData] => [
    name,
    widenColumn(column, types.get(name) ?? "text", rowCount),
  ]);
  return { rowCount, columns: new Map(widened) };
}

function joinTypes(left: ColumnType, right: ColumnType): ColumnType {
  if (left === right) return left;
  const isNumber = (type: ColumnType): boolean => type === "int" || type === "float";
  return isNumber(left) && isNumber(right) ? "float" : "json";
}

function widenColumn(column: ColumnData, type: ColumnType, rowCount: number): ColumnData {
  if (column.type === type) return column;
  const isNull = column.isNull ?? new Uint8Array(rowCount);
  const read = compileCells(column);
  const cells = Array.from({ length: rowCount }, (_, row) => read(row));
  switch (type) {
    case "int":
    case "float":
      return { type, values: Float64Array.from(cells, (cell) => (typeof cell === "number" ? cell : 0)), isNull };
    case "bool":
      return { type, values: Uint8Array.from(cells, (cell) => (cell === true ? 1 : 0)), isNull };
    case "json":
      return { type, values: cells };
    case "text":
    case "category":
    case "time":
      return { type: "text", values: cells.map((cell) => (typeof cell === "string" ? cell : "")), isNull };
  }
}

function isAllMissing(column: ColumnData, rowCount: number): boolean {
  if (column.type === "json") return column.values.every((value, row) => value === null || column.isNull?.[row] === 1);
  return column.isNull !== undefined && column.isNull.subarray(0, rowCount).every((flag) => flag === 1);
}
