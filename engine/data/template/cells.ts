import type { ColumnData, JsonValue } from "../table.ts";
import { float, listOf, type Value } from "./values.ts";
import { floatText } from "./text.ts";

/** What a column of a table holds; it tells 3 from 3.0, which plain JSON numbers do not. */
export type ColumnType = ColumnData["type"];

const NUMBER = /^-?(?:0|[1-9]\d*)(\.\d+)?$/;
const DEEPEST = 100;

/**
 * The value of one cell. A text that is JSON is parsed, as in the original, so that fields of structured columns can be
 * reached. A number in text is parsed only when printing it gives the same text, so that `1.50`, `007` and `1e5` keep
 * their form.
 */
export function cellValue(cell: JsonValue, type?: ColumnType): Value {
  if (typeof cell === "string") return parseText(cell);
  if (typeof cell === "number") return type === "float" ? float(cell) : cell;
  if (typeof cell === "object" && cell !== null) return parseInside(cell, 0);
  return type === "bool" && typeof cell === "number" ? cell !== 0 : cell;
}

/** As `cellValue` for text. */
export function parseText(text: string): Value {
  const first = text.charCodeAt(0);
  // Letters other than f, n and t cannot begin JSON; this keeps ordinary text off the slow way.
  if (first > 0x7b || (first > 0x5b && first !== 0x66 && first !== 0x6e && first !== 0x74 && first !== 0x7b))
    return text;
  if (first > 0x39 && first < 0x5b) return text;
  if (Number.isNaN(first)) return text;
  const trimmed = text.trim();
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  if (trimmed === "null") return null;
  const number = NUMBER.exec(trimmed);
  if (number !== null) return parseNumber(text, trimmed, number[1] !== undefined);
  if (!/^[[{"]/.test(trimmed) || !/[\]}"]$/.test(trimmed)) return text;
  return parseJson(trimmed) ?? text;
}

function parseNumber(text: string, trimmed: string, isFloat: boolean): Value {
  const number = Number(trimmed);
  if (isFloat) return floatText(number) === text ? float(number) : text;
  return Number.isSafeInteger(number) && String(number) === text ? number : text;
}

function parseJson(text: string): Value | undefined {
  try {
    // The reviver's third parameter has the source text of a number, which tells 3.0 from 3.
    return JSON.parse(text, reviveNumber) as Value;
  } catch {
    return undefined;
  }
}

function reviveNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /[.eE]/.test(context.source) ? float(value) : value;
}

/** Texts inside lists and objects are parsed too; what holds none is given back as it is. */
function parseInside(cell: JsonValue, depth: number): Value {
  if (typeof cell === "string") return parseText(cell);
  if (typeof cell !== "object" || cell === null || depth > DEEPEST) return cell;
  // Array.isArray does not narrow readonly arrays.
  const list = listOf(cell) as readonly JsonValue[] | undefined;
  if (list !== undefined) {
    const items = list.map((item) => parseInside(item, depth + 1));
    return items.every((item, at) => item === list[at]) ? list : items;
  }
  let isSame = true;
  const pairs = Object.entries(cell).map(([key, item]) => {
    const parsed = parseInside(item, depth + 1);
    if (parsed !== item) isSame = false;
    return [key, parsed] as const;
  });
  // Values inside parsed objects are Values, of which JSON values are a part.
  return isSame ? cell : (Object.fromEntries(pairs) as Value);
}
