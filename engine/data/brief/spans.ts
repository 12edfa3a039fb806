/** What the numbers of a column are about, as far as its parameters tell. */
import type { DraftColumn } from "../design/draft.ts";
import { isObject, numberOf, paramsOf } from "./json.ts";
import type { FieldKind } from "./lexicon/types.ts";

export interface Span {
  readonly low: number;
  readonly high: number;
}

/** The range that most values of a sampler lie in; undefined when it is not of numbers. */
export function spanOf(column: DraftColumn | undefined): Span | undefined {
  if (column === undefined) return undefined;
  const params = paramsOf(column);
  const [low, high, mean, stddev] = ["low", "high", "mean", "stddev"].map((key) => numberOf(params[key]));
  if (low !== undefined && high !== undefined) return { low, high };
  if (mean !== undefined)
    return stddev === undefined ? { low: 0, high: mean * 3 } : { low: mean - 3 * stddev, high: mean + 3 * stddev };
  const values = Array.isArray(params["values"]) ? params["values"].filter((value) => typeof value === "number") : [];
  if (values.length > 0) return { low: Math.min(...values), high: Math.max(...values) };
  const shape = params["dist_params"];
  if (!isObject(shape)) return undefined;
  if (params["dist_name"] === "randint")
    return { low: numberOf(shape["low"]) ?? 0, high: (numberOf(shape["high"]) ?? 1) - 1 };
  const loc = numberOf(shape["loc"]) ?? 0;
  return { low: loc, high: loc + (numberOf(shape["scale"]) ?? 1) * 5 };
}

export function isNumeric(kind: FieldKind): boolean {
  return ["integer", "number", "money", "duration", "geo"].includes(kind);
}

export function round(value: number, decimals: number): number {
  return Number(value.toFixed(Math.min(15, decimals)));
}
