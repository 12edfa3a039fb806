import type { Column } from "./design.ts";
import { showValue } from "./issue-message.ts";

/**
 * The value of skipped cells of an expression column in the column's type, as Python's `int`, `float`, `str` and `bool`
 * convert it. Other columns and null stay as they are.
 */
export function coerceSkipValue(column: Column): { column: Column } | { column?: undefined; problem: string } {
  if (column.column_type !== "expression" || column.skip === null || column.skip.value === null) return { column };
  const { value } = column.skip;
  const converted = convert(value, column.dtype);
  if (converted === undefined) {
    return {
      problem: `skip.value: ${showValue(value)} cannot be read as ${column.dtype}, the dtype of the expression`,
    };
  }
  return { column: { ...column, skip: { ...column.skip, value: converted } } };
}

function convert(
  value: boolean | number | string,
  dtype: "int" | "float" | "str" | "bool",
): boolean | number | string | undefined {
  switch (dtype) {
    case "str":
      if (typeof value === "boolean") return value ? "True" : "False";
      return String(value);
    case "bool":
      return Boolean(value);
    case "int":
      if (typeof value === "string") return /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : undefined;
      return Math.trunc(Number(value));
    case "float": {
      if (typeof value !== "string") return Number(value);
      const number = value.trim() === "" ? Number.NaN : Number(value);
      return Number.isFinite(number) ? number : undefined;
    }
  }
}
