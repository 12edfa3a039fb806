import { Dict, dictPairs, isDict, listOf, Sequence, Undefined, type Value, WholeFloat } from "./values.ts";
import { renderError } from "./errors.ts";

/** Longest text or list that a template may build. Source: the original's limit on rendered text. */
export const MAX_OUTPUT = 512_000;

/** Python's `repr` of a float: the shortest digits that read back, `1e+16` and `1e-05` style outside 1e-4 to 1e16. */
export function floatText(number: number): string {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  const size = Math.abs(number);
  if (size === 0) return Object.is(number, -0) ? "-0.0" : "0.0";
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(number) ? `${number}.0` : String(number);
  const [digits = "", exponent = "0"] = number.toExponential().split("e");
  const power = Math.abs(Number(exponent));
  return `${digits}e${exponent.startsWith("-") ? "-" : "+"}${power < 10 ? "0" : ""}${power}`;
}

/** Python's `str` of a value; an undefined value is empty. */
export function str(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : floatText(value);
  if (value instanceof Undefined) return "";
  return repr(value);
}

const DEEPEST = 100;

/** Python's `repr`: texts in quotes, lists as `['a', 1]`. Throws when it would be longer than `MAX_OUTPUT`. */
export function repr(value: Value, depth = 0): string {
  if (value === null) return "None";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : floatText(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "bigint") return bigintText(value);
  if (value instanceof WholeFloat) return floatText(value.number);
  if (value instanceof Undefined) return "Undefined";
  if (depth > DEEPEST) throw renderError(`the value is nested deeper than ${DEEPEST} levels`);
  const list = listOf(value);
  if (list !== undefined) return `[${join(list, depth)}]`;
  if (value instanceof Sequence) {
    if (value.name === "tuple") return `(${join(value.items, depth)}${value.items.length === 1 ? "," : ""})`;
    return `${value.name}([${join(value.items, depth)}])`;
  }
  if (value instanceof Dict || isDict(value)) {
    const parts = dictPairs(value).map(([key, item]) => `${repr(key, depth + 1)}: ${repr(item, depth + 1)}`);
    return `{${parts.join(", ")}}`;
  }
  return "";
}

function join(items: readonly Value[], depth: number): string {
  return items.map((item) => repr(item, depth + 1)).join(", ");
}

/** Python refuses longer ones too (its limit is 4,300 digits). */
const MAX_DIGITS = 4_300;

function bigintText(value: bigint): string {
  const text = String(value);
  if (text.length > MAX_DIGITS) throw renderError(`an integer of more than ${MAX_DIGITS} digits cannot be printed`);
  return text;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  // Separators and control characters other than a space are not printable for Python.
  const escaped = text.replace(/[\\\n\r\t]|(?! )[\p{C}\p{Z}]/gu, (char) => ESCAPES[char] ?? escapeChar(char));
  return `${mark}${mark === "'" ? escaped.replaceAll("'", "\\'") : escaped}${mark}`;
}

function escapeChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
