/** "city depends on country", "salary higher for managers": values of one column that follow from another one's. */
import type { DraftColumn } from "../design/draft.ts";
import { wholeNumberEnds } from "../design/draft/whole-numbers.ts";
import { categoryColumn, drawnInteger, sampler } from "./columns.ts";
import { applyCorrelation } from "./correlation.ts";
import type { Json, JsonObject } from "./json.ts";
import { isObject, labelOf, nameOf, numberOf, paramsOf, textOf } from "./json.ts";
import { normaliseWords } from "./lexicon/words.ts";
import type { Relation } from "./relations.ts";
import type { Sheet } from "./sheet.ts";
import { round } from "./spans.ts";

type Dependence = Extract<Relation, { kind: "depends" }>;

/**
 * With lists a subcategory; numbers get a level for each value of a list, or follow the numbers of the parent; false for
 * anything else.
 */
export function applyDependence(
  sheet: Sheet,
  name: string,
  parent: string,
  { lists, isInverse }: Pick<Dependence, "lists" | "isInverse">,
): boolean {
  const [child, other] = [sheet.column(name), sheet.column(parent)];
  if (child === undefined || other === undefined) return false;
  if (lists.size > 0) {
    sheet.replace(categoryColumn(parent, [...lists.keys()]));
    sheet.replace(
      sampler(name, "subcategory", {
        category: parent,
        values: Object.fromEntries([...lists].map(([key, list]) => [key, [...list]])),
      }),
    );
    return true;
  }
  if (isBoundAlready(sheet, child, other)) return true;
  const values = paramsOf(other)["values"];
  const isListed = other["sampler_type"] === "category" && Array.isArray(values);
  if (!isListed || values.every((value) => typeof value === "number"))
    return applyCorrelation(sheet, name, parent, isInverse);
  const conditions = Object.fromEntries(
    values.flatMap((value, index) => {
      const rank = index / Math.max(1, values.length - 1);
      const factor = 0.6 + 0.8 * (isInverse ? 1 - rank : rank);
      const params = scaled(child, factor);
      return params === undefined ? [] : [[equals(parent, value), params] as const];
    }),
  );
  if (Object.keys(conditions).length === 0) return false;
  sheet.put({ ...child, conditional_params: conditions });
  return true;
}

/** Both show the same person, or the child's lists are by the parent already. */
function isBoundAlready(sheet: Sheet, child: DraftColumn, other: DraftColumn): boolean {
  if (paramsOf(child)["category"] === nameOf(other) || paramsOf(other)["category"] === nameOf(child)) return true;
  const source = (column: DraftColumn): string => /\{\{\s*([\p{L}\p{N}_]+)\./u.exec(textOf(column["expr"]))?.[1] ?? "";
  const own = source(child);
  if (own !== "" && (own === source(other) || own === nameOf(other))) return true;
  const conditions = child["conditional_params"];
  const word = new RegExp(`(?<![\\p{L}\\p{N}_])${nameOf(other)}(?![\\p{L}\\p{N}_])`, "u");
  const isRead = sheet.readersOf(nameOf(other)).includes(nameOf(child));
  return isRead || (isObject(conditions) && Object.keys(conditions).some((key) => word.test(key)));
}

/** Numbers times `factor` in the rows that `group` means: a value of a category, or a flag that is 1. */
export function applyFactor(sheet: Sheet, name: string, group: string, factor: number): boolean {
  const column = sheet.column(name);
  const params = column === undefined ? undefined : scaled(column, factor);
  const condition = conditionFor(sheet, name, group);
  if (column === undefined || params === undefined || condition === undefined) return false;
  const old = column["conditional_params"];
  sheet.put({ ...column, conditional_params: { ...(isObject(old) ? old : {}), [condition]: params } });
  return true;
}

function conditionFor(sheet: Sheet, name: string, group: string): string | undefined {
  const words = normaliseWords(group);
  const covers = (text: string): boolean => {
    const own = normaliseWords(text);
    return own.length > 0 && own.every((word) => words.includes(word));
  };
  for (const column of sheet.columns) {
    if (nameOf(column) === name || column["column_type"] !== "sampler") continue;
    const { values } = paramsOf(column);
    if (column["sampler_type"] === "category" && Array.isArray(values)) {
      const value = values.find((item) => covers(labelOf(item)));
      if (value !== undefined) return equals(nameOf(column), value);
    }
    const isFlag = column["sampler_type"] === "bernoulli" && covers(nameOf(column).replace(/^(?:is|has|was)_/i, ""));
    if (isFlag) return `${nameOf(column)} == 1`;
  }
  return undefined;
}

function equals(name: string, value: Json): string {
  if (typeof value === "number") return `${name} == ${value}`;
  const text = labelOf(value);
  return text.includes("'") ? `${name} == "${text.replaceAll('"', "")}"` : `${name} == '${text}'`;
}

/** Parameters with everything `factor` times as large; undefined for samplers that have no size. */
function scaled(column: DraftColumn, factor: number): JsonObject | undefined {
  const params = paramsOf(column);
  const places = numberOf(params["decimal_places"]) ?? (column["convert_to"] === "int" ? 0 : 4);
  const times = (key: string): number | undefined => {
    const value = numberOf(params[key]);
    return value === undefined ? undefined : round(value * factor, Math.max(places, 2));
  };
  switch (textOf(column["sampler_type"])) {
    case "uniform":
    case "gaussian":
    case "poisson": {
      const keys = ["low", "high", "mean", "stddev"].filter((key) => params[key] !== undefined);
      return { ...params, ...Object.fromEntries(keys.map((key) => [key, times(key) ?? 0])) };
    }
    case "bernoulli":
      return { p: Math.min(0.95, times("p") ?? 0.5) };
    case "scipy": {
      const ends = wholeNumberEnds(params);
      if (ends !== undefined) return evenly(Math.round(ends.low * factor), Math.round(ends.high * factor));
      const shape = params["dist_params"];
      const scale = isObject(shape) ? numberOf(shape["scale"]) : undefined;
      return scale === undefined || !isObject(shape)
        ? undefined
        : { ...params, dist_params: { ...shape, scale: round(scale * factor, 4) } };
    }
    case "category":
      return skewed(params, factor);
    default:
      return undefined;
  }
}

function evenly(low: number, high: number): JsonObject {
  return paramsOf(drawnInteger("", Math.min(low, high), Math.max(low, high)));
}

/** A list of numbers keeps its values; the larger ones, or the smaller ones, come up more often. */
function skewed(params: JsonObject, factor: number): JsonObject | undefined {
  const { values, weights } = params;
  if (!Array.isArray(values) || values.length < 2 || !values.every((value) => typeof value === "number"))
    return undefined;
  const order = values.toSorted((left, right) => left - right);
  const shares = values.map((value, at) => {
    const rank = order.indexOf(value) + 1;
    const old = Array.isArray(weights) ? Number(weights[at]) : 1;
    return Number((old * (factor >= 1 ? rank : values.length + 1 - rank)).toFixed(6));
  });
  return shares.some((share) => share > 0) ? { ...params, weights: shares } : undefined;
}
