import type { z } from "zod";

import { field, readList, readNumber, readObject, readText } from "./fields.ts";

type Scalar = string | number;

export interface WeightedValues {
  readonly values: readonly Scalar[];
  readonly weights?: readonly number[];
}

/**
 * Values of a category: a list, text with commas, a map from value to weight, or values with shares
 * (`active 80%, closed 20%`).
 */
export function valuesField(description: string): z.ZodType<WeightedValues> {
  const advertised = { type: "array", items: {} };
  return field(advertised, description, 'a list such as ["small", "large"]', readValues);
}

/** Weights in the order of the values, as a list, a text with commas or a map from value to weight. */
export function weightsField(description: string): z.ZodType<WeightsGiven> {
  const advertised = { type: "array", items: { type: "number" } };
  return field(advertised, description, "a list of numbers, one for each value", (given) => {
    const map = readObject(given);
    const list = map === undefined ? readList(given) : Object.values(map);
    const weights = list?.map(readShare);
    if (weights === undefined || !isComplete(weights)) return undefined;
    return map === undefined ? { weights } : { weights, values: Object.keys(map) };
  });
}

export interface WeightsGiven {
  readonly weights: readonly number[];
  /** Set when the weights came with the values that they belong to. */
  readonly values?: readonly string[];
}

/** Weights in the order of `values`; undefined when a map names other values. */
export function orderWeights(values: readonly Scalar[], given: WeightsGiven): readonly number[] | undefined {
  if (given.values === undefined) return given.weights;
  const byValue = new Map(given.values.map((value, index) => [value, given.weights[index]]));
  const ordered = values.map((value) => byValue.get(String(value)));
  return byValue.size === values.length && isComplete(ordered) ? ordered : undefined;
}

/** A map from the parent's value to its list of values. */
export function listsField(description: string): z.ZodType<Record<string, Scalar[]>> {
  const advertised = { type: "object", additionalProperties: { type: "array", items: {} } };
  return field(advertised, description, "an object with a list for each value of the parent", (given) => {
    const map = readObject(given);
    if (map === undefined) return undefined;
    const lists = Object.entries(map).map(([key, list]) => [key, readScalars(list)] as const);
    return lists.every(([, list]) => list !== undefined)
      ? Object.fromEntries(lists.map(([key, list]) => [key, list ?? []]))
      : undefined;
  });
}

export function readValues(given: unknown): WeightedValues | undefined {
  const map = readObject(given);
  if (map !== undefined) {
    const weights = Object.values(map).map(readShare);
    return isComplete(weights) && weights.length > 0 ? { values: Object.keys(map), weights } : undefined;
  }
  const values = readScalars(given);
  if (values === undefined || values.length === 0) return undefined;
  const shares = values.map((value) => {
    const text = String(value);
    return text.length <= MAX_SHARE_CHARACTERS ? SHARE.exec(text) : null;
  });
  if (shares.every((share) => share !== null)) {
    return {
      values: shares.map((share) => share.groups?.["value"]?.trim() ?? ""),
      weights: shares.map((share) => Number(share.groups?.["share"])),
    };
  }
  return { values };
}

/** The pattern looks back and forth, so that a long text would take long. */
const MAX_SHARE_CHARACTERS = 300;
/** `active 80%`, `active (80 %)`, `active: 80 %`. */
const SHARE = /^(?<value>.*?\S)[\s:=(]+(?<share>\d+(?:\.\d+)?)\s*%\s*\)?$/;

function readScalars(given: unknown): Scalar[] | undefined {
  const list = readList(given)?.map((item) => (typeof item === "number" ? item : readText(item)));
  return list !== undefined && isComplete(list) ? list : undefined;
}

function readShare(given: unknown): number | undefined {
  return readNumber(typeof given === "string" ? given.replace(/\s*%\s*$/, "") : given);
}

function isComplete<Value>(values: readonly (Value | undefined)[]): values is Value[] {
  return values.every((value) => value !== undefined);
}
