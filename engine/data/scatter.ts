import { takeColumn } from "./table-parts.ts";
import { compileCells } from "./table-rows.ts";
import type { ColumnData, JsonValue } from "./table.ts";

export interface ScatterOptions {
  /** Values of some rows. */
  readonly column: ColumnData;
  /** The places of these rows, ascending. */
  readonly rows: readonly number[];
  readonly rowCount: number;
  /** The value of all other rows. */
  readonly fill: JsonValue;
}

/**
 * A column of `rowCount` rows of which `rows` have the values of `column`. The type stays where it can hold `fill`, else
 * it is JSON; that depends on `fill` alone, so that all row groups of a dataset get the same type.
 */
export function scatterColumn({ column, rows, rowCount, fill }: ScatterOptions): ColumnData {
  const from = new Int32Array(rowCount);
  const isFilled = new Uint8Array(rowCount).fill(1);
  for (const [at, row] of rows.entries()) {
    from[row] = at;
    isFilled[row] = 0;
  }
  if (!canHold(column, fill)) {
    const read = compileCells(column);
    return { type: "json", values: Array.from(from, (at, row) => (isFilled[row] === 1 ? fill : read(at))) };
  }
  const spread = takeColumn(column, from);
  const isNull = Uint8Array.from(isFilled, (filled, row) =>
    filled === 1 ? Number(fill === null) : (spread.isNull?.[row] ?? 0),
  );
  const nullable = isNull.includes(1) ? { isNull } : { isNull: undefined };
  switch (spread.type) {
    case "int":
    case "float":
      return {
        ...spread,
        values: spread.values.map((value, row) => (isFilled[row] === 1 ? Number(fill) : value)),
        ...nullable,
      };
    case "bool":
      return {
        ...spread,
        values: spread.values.map((value, row) => (isFilled[row] === 1 ? Number(fill) : value)),
        ...nullable,
      };
    case "text": {
      const text = typeof fill === "string" ? fill : "";
      return {
        ...spread,
        values: spread.values.map((value, row) => (isFilled[row] === 1 ? text : value)),
        ...nullable,
      };
    }
    case "json":
      return {
        ...spread,
        values: spread.values.map((value, row) => (isFilled[row] === 1 ? fill : value)),
        ...nullable,
      };
    case "category":
    case "time":
      return { ...spread, ...nullable };
  }
}

function canHold(column: ColumnData, fill: JsonValue): boolean {
  if (fill === null) return true;
  switch (column.type) {
    case "int":
      return Number.isSafeInteger(fill);
    case "float":
      return typeof fill === "number";
    case "bool":
      return typeof fill === "boolean";
    case "text":
      return typeof fill === "string";
    case "json":
      return true;
    case "category":
    case "time":
      return false;
  }
}
