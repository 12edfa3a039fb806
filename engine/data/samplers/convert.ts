import { ServiceError } from "../../../lib/errors.ts";
import type { CategoryColumn, ColumnData } from "../table.ts";
import { floatText } from "../template/text.ts";

export const DEFAULT_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S";

/** The nearest whole number; halves go to the even one, as numpy rounds. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** To so many decimal places. A number too large to have them stays as it is. */
export function compileRound(decimalPlaces: number): (value: number) => number {
  const power = 10 ** decimalPlaces;
  return (value) => (Math.abs(value * power) < Number.MAX_SAFE_INTEGER ? Math.round(value * power) / power : value);
}

/** Numbers as the dataset shows them. `convertTo` is int, float, str or null; ints are whole already. */
export function finishNumbers(numbers: Float64Array, isInteger: boolean, convertTo: string | null): ColumnData {
  if (convertTo === "str") {
    return { type: "text", values: Array.from(numbers, (value) => (isInteger ? String(value) : floatText(value))) };
  }
  return { type: (isInteger && convertTo !== "float") || convertTo === "int" ? "int" : "float", values: numbers };
}

export function finishTimes(seconds: Float64Array, convertTo: string | null): ColumnData {
  return { type: "time", seconds, format: convertTo ?? DEFAULT_TIME_FORMAT };
}

/** Labels as the dataset shows them: a category of text, or numbers when all labels are or are converted to some. */
export function finishLabels(
  codes: Float64Array,
  labels: readonly (string | number)[],
  convertTo: string | null,
): ColumnData {
  const numbers = labelNumbers(labels, convertTo);
  if (numbers === undefined)
    return categoryOf(
      codes,
      labels.map((label) => labelText(label, labels)),
    );
  const isInteger = convertTo !== "float" && numbers.every((value) => Number.isInteger(value));
  return { type: isInteger ? "int" : "float", values: codes.map((code) => numbers[code] ?? Number.NaN) };
}

/** The labels as numbers, undefined when they stay text. Throws ServiceError `invalid_input` on one that is none. */
export function labelNumbers(
  labels: readonly (string | number)[],
  convertTo: string | null,
): readonly number[] | undefined {
  const areNumbers = labels.every((label) => typeof label === "number");
  if (convertTo === "str" || (convertTo === null && !areNumbers)) return undefined;
  return labels.map((label) => {
    const value = typeof label === "number" ? label : label.trim() === "" ? Number.NaN : Number(label);
    if (Number.isFinite(value)) return convertTo === "int" ? roundHalfEven(value) : value;
    throw new ServiceError("invalid_input", `convert_to ${convertTo}: the value "${label}" is no number`);
  });
}

/** In a list with fractions every number is a float to numpy: 1 is shown as 1.0. */
function labelText(label: string | number, labels: readonly (string | number)[]): string {
  if (typeof label === "string") return label;
  return labels.every((other) => Number.isInteger(other)) ? String(label) : floatText(label);
}

function categoryOf(codes: Float64Array, labels: readonly string[]): CategoryColumn {
  return { type: "category", codes: Int32Array.from(codes), values: labels };
}
