import { renderError } from "./errors.ts";
import { LIST_FILTERS } from "./list-filters.ts";
import { roundFloat } from "./rounding.ts";
import type { Arguments, Runtime } from "./runtime.ts";
import { repr, str } from "./text.ts";
import { TEXT_FILTERS } from "./text-filters.ts";
import { float, int, isFloat, isInt, numberOf, typeName, Undefined, undefinedError, type Value } from "./values.ts";

export type Filter = (value: Value, args: Arguments, runtime: Runtime) => Value;

const INTEGER = /^[+-]?\d+(?:_\d+)*$/;
const FLOAT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+)?$/i;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;

/** Python's `float(text)`; undefined where it would raise. */
export function parseFloatText(text: string): number | undefined {
  const trimmed = text.trim();
  if (FLOAT.test(trimmed)) return Number(trimmed.replaceAll("_", ""));
  const special = SPECIAL.exec(trimmed);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === "nan") return NaN;
  return special[1] === "-" ? -Infinity : Infinity;
}

function toFloat(value: Value, [fallback]: Arguments): Value {
  if (value instanceof Undefined) throw undefinedError(value);
  const number = typeof value === "string" ? parseFloatText(value) : numberOf(value);
  return number === undefined ? (fallback ?? float(0)) : float(number);
}

function toInt(value: Value, [fallback, base]: Arguments): Value {
  if (value instanceof Undefined) throw undefinedError(value);
  if (isInt(value)) return int(BigInt(value));
  let number = numberOf(value);
  if (typeof value === "string") {
    const text = value.trim();
    const radix = base === undefined ? 10 : (numberOf(base) ?? 10);
    const whole = wholeText(text, radix);
    if (whole !== undefined) return int(whole);
    number = parseFloatText(text);
  }
  if (number === undefined || !Number.isFinite(number)) return fallback ?? 0;
  return int(BigInt(Math.trunc(number)));
}

const PREFIXES: Readonly<Record<number, string>> = { 2: "0b", 8: "0o", 16: "0x" };
const MAX_DIGITS = 4_300;

function wholeText(text: string, radix: number): bigint | undefined {
  if (text.length > MAX_DIGITS) return undefined;
  if (radix === 10) return INTEGER.test(text) ? BigInt(text.replaceAll("_", "").replace("+", "")) : undefined;
  const prefix = PREFIXES[radix];
  if (prefix === undefined) throw renderError("int: the base must be 2, 8, 10 or 16");
  const digits = text
    .toLowerCase()
    .replace(/^([+-]?)/, "")
    .replace(prefix, "");
  const pattern = radix === 2 ? /^[01]+$/ : radix === 8 ? /^[0-7]+$/ : /^[\da-f]+$/;
  if (!pattern.test(digits)) return undefined;
  const whole = BigInt(prefix + digits);
  return text.startsWith("-") ? -whole : whole;
}

function absolute(value: Value): Value {
  if (value instanceof Undefined) throw undefinedError(value);
  if (isInt(value)) return BigInt(value) < 0n ? int(-BigInt(value)) : int(BigInt(value));
  const number = numberOf(value);
  if (number === undefined) throw renderError(`abs needs a number, not ${typeName(value)}`);
  return float(Math.abs(number));
}

const METHODS = ["common", "ceil", "floor"];

function round(value: Value, [precision = 0, method = "common"]: Arguments): Value {
  if (typeof method !== "string" || !METHODS.includes(method)) {
    throw renderError(`round: the method must be one of ${METHODS.join(", ")}, not ${repr(method)}`);
  }
  if (value instanceof Undefined) throw undefinedError(value);
  const number = numberOf(value);
  if (number === undefined) throw renderError(`round needs a number, not ${typeName(value)}`);
  if (!isInt(precision)) throw renderError("round: the precision must be an integer");
  const digits = Math.max(-400, Math.min(400, Number(precision)));
  if (method === "common") {
    if (isFloat(value)) return float(roundFloat(number, digits));
    if (!isInt(value)) return value;
    return int(digits >= 0 ? BigInt(value) : roundInt(BigInt(value), digits));
  }
  const scaled = number * 10 ** digits;
  if (!Number.isFinite(scaled)) throw renderError(`round: ${str(value)} cannot be rounded to ${digits} digits`);
  return float((method === "ceil" ? Math.ceil(scaled) : Math.floor(scaled)) / 10 ** digits);
}

/** Half to even at tens, hundreds and so on. */
function roundInt(whole: bigint, digits: number): bigint {
  const unit = 10n ** BigInt(-digits);
  const rest = ((whole % unit) + unit) % unit;
  const down = whole - rest;
  const isUp = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n !== 0n);
  return isUp ? down + unit : down;
}

/** Every filter that a template may use, under the names of `FILTER_SIGNATURES`. */
export const FILTERS: Readonly<Record<string, Filter>> = {
  ...TEXT_FILTERS,
  ...LIST_FILTERS,
  abs: absolute,
  float: toFloat,
  int: toInt,
  round,
};
