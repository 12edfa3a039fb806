import {
  type JsonSchema,
  checkSchema,
  isList,
  isObject,
  numberOf,
  resolveReference,
  typesOf,
} from "../llm/json-schema.ts";
import type { JsonValue } from "../table.ts";
import type { Dice } from "./dice.ts";
import { exampleOf } from "./pattern.ts";
import { writeField } from "./write-field.ts";

export interface JsonContext {
  readonly root: JsonSchema;
  readonly dice: Dice;
  /** Values of the record that the prompt shows, by column name; a property of the same name takes its value. */
  readonly known: ReadonlyMap<string, JsonValue>;
  /** A sentence or phrase for a property that nothing else is known about. */
  readonly phrase: (property: string, isLong: boolean) => string;
}

/** Deeper objects are left out where the schema allows it. */
const MAX_DEPTH = 6;
const TRIES = 4;

/** A value by the schema; undefined when none could be made that the schema accepts. */
export function writeJson(context: JsonContext): JsonValue | undefined {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const value = write(context.root, "", 0, context);
    if (checkSchema(context.root, value).problems.length === 0) return value;
  }
  return undefined;
}

function write(schema: JsonValue | undefined, name: string, depth: number, context: JsonContext): JsonValue {
  if (!isObject(schema)) return context.phrase(name, false);
  const { dice } = context;
  if (schema["const"] !== undefined) return schema["const"];
  const known = name === "" ? undefined : context.known.get(name);
  if (
    known !== undefined &&
    checkSchema({ ...schema, $defs: context.root["$defs"] ?? {} }, known).problems.length === 0
  )
    return known;
  if (isList(schema["enum"]) && schema["enum"].length > 0) return dice.pick(schema["enum"]);
  if (typeof schema["$ref"] === "string")
    return write(resolveReference(schema["$ref"], context.root), name, depth + 1, context);
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = schema[keyword];
    if (isList(branches) && branches.length > 0)
      return write(chooseBranch(branches, depth, dice), name, depth + 1, context);
  }
  if (isList(schema["allOf"]))
    return write(mergeParts(schema, schema["allOf"], context.root), name, depth + 1, context);
  const types = typesOf(schema);
  const type =
    types.find((other) => other !== "null") ??
    types[0] ??
    (isObject(schema["properties"]) ? "object" : isObject(schema["items"]) ? "array" : "string");
  if (types.includes("null") && types.length > 1 && dice.next() < 0.1) return null;
  if (type === "object") return writeObject(schema, depth, context);
  if (type === "array") return writeList(schema, name, depth, context);
  if (type === "boolean") return dice.next() < 0.5;
  if (type === "null") return null;
  if (type === "integer" || type === "number") return writeNumber(schema, name, type === "integer", dice);
  return writeString(schema, name, context);
}

/** Simple alternatives first where the value is already deep, so that recursive schemas end. */
function chooseBranch(branches: readonly JsonValue[], depth: number, dice: Dice): JsonValue {
  const simple = branches.filter(
    (branch) => isObject(branch) && branch["$ref"] === undefined && branch["type"] !== "object",
  );
  const solid = branches.filter((branch) => !isObject(branch) || branch["type"] !== "null");
  if (depth > MAX_DEPTH && simple.length > 0) return dice.pick(simple);
  return dice.next() < 0.1 || solid.length === 0 ? dice.pick(branches) : dice.pick(solid);
}

function mergeParts(schema: JsonSchema, parts: readonly JsonValue[], root: JsonSchema): JsonSchema {
  const { allOf: _allOf, ...own } = schema;
  let merged: JsonSchema = own;
  for (const part of parts) {
    const target = isObject(part) && typeof part["$ref"] === "string" ? resolveReference(part["$ref"], root) : part;
    if (!isObject(target)) continue;
    const properties = { ...objectOf(merged["properties"]), ...objectOf(target["properties"]) };
    const required = [...listOf(merged["required"]), ...listOf(target["required"])];
    merged = {
      ...merged,
      ...target,
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required } : {}),
    };
  }
  return merged;
}

function writeObject(schema: JsonSchema, depth: number, context: JsonContext): JsonValue {
  const properties = objectOf(schema["properties"]);
  const required = new Set(listOf(schema["required"]));
  const entries: [string, JsonValue][] = [];
  for (const [name, property] of Object.entries(properties)) {
    if (!required.has(name) && (depth >= MAX_DEPTH || (required.size > 0 && context.dice.next() < 0.15))) continue;
    entries.push([name, write(property, name, depth + 1, context)]);
  }
  for (const name of required) {
    if (typeof name === "string" && !Object.hasOwn(properties, name)) entries.push([name, context.phrase(name, false)]);
  }
  return Object.fromEntries(entries);
}

function writeList(schema: JsonSchema, name: string, depth: number, context: JsonContext): JsonValue {
  const prefix = listOf(schema["prefixItems"]);
  const least = numberOf(schema["minItems"]) ?? Math.max(prefix.length, depth >= MAX_DEPTH ? 0 : 1);
  const most = Math.max(
    least,
    numberOf(schema["maxItems"]) ?? Math.max(least, prefix.length, depth >= MAX_DEPTH ? 0 : 4),
  );
  const length =
    schema["items"] === false ? Math.max(least, prefix.length) : context.dice.between(least, Math.min(most, least + 4));
  const items: JsonValue[] = [];
  const seen = new Set<string>();
  for (let tries = 0; items.length < length && tries < length * 12; tries += 1) {
    const item = write(prefix[items.length] ?? schema["items"], singular(name), depth + 1, context);
    const text = JSON.stringify(item);
    if (schema["uniqueItems"] === true && seen.has(text)) continue;
    seen.add(text);
    items.push(item);
  }
  return items;
}

function writeNumber(schema: JsonSchema, name: string, isWhole: boolean, dice: Dice): number {
  const usual = usualRange(name);
  const step = numberOf(schema["multipleOf"]);
  const isOpenLow = numberOf(schema["exclusiveMinimum"]) !== undefined;
  const isOpenHigh = numberOf(schema["exclusiveMaximum"]) !== undefined;
  const minimum = numberOf(schema["exclusiveMinimum"]) ?? numberOf(schema["minimum"]);
  const maximum = numberOf(schema["exclusiveMaximum"]) ?? numberOf(schema["maximum"]);
  const low = minimum ?? (maximum !== undefined && maximum <= usual[0] ? maximum - 100 : usual[0]);
  const high = maximum ?? Math.max(usual[1], low + 100);
  if (step !== undefined && step > 0) {
    const first = Math.ceil(low / step) + (isOpenLow && low % step === 0 ? 1 : 0);
    const last = Math.floor(high / step) - (isOpenHigh && high % step === 0 ? 1 : 0);
    return Number((dice.between(first, last) * step).toPrecision(12));
  }
  if (isWhole) {
    const first = isOpenLow ? Math.floor(low) + 1 : Math.ceil(low);
    return dice.between(first, isOpenHigh ? Math.ceil(high) - 1 : Math.floor(high));
  }
  const drawn = low + (0.001 + 0.998 * dice.next()) * (high - low);
  const rounded = Math.round(drawn * 100) / 100;
  const isInside = isOpenLow ? rounded > low : rounded >= low;
  return isInside && (isOpenHigh ? rounded < high : rounded <= high) ? rounded : drawn;
}

/** Inclusive; what a property of this name usually holds. */
function usualRange(name: string): readonly [low: number, high: number] {
  if (/rating|stars|score/i.test(name)) return [1, 5];
  if (/\bage\b|_age$/i.test(name)) return [18, 90];
  if (/year/i.test(name)) return [1990, 2025];
  if (/percent|share|probab|confidence/i.test(name)) return /percent/i.test(name) ? [0, 100] : [0, 1];
  if (/count|quantity|qty|number_of|num_/i.test(name)) return [1, 20];
  if (/price|cost|amount|total|fee/i.test(name)) return [5, 500];
  return [1, 100];
}

function writeString(schema: JsonSchema, name: string, context: JsonContext): string {
  if (typeof schema["pattern"] === "string")
    return exampleOf(schema["pattern"], context.dice) ?? context.phrase(name, false);
  const least = numberOf(schema["minLength"]) ?? 0;
  const most = numberOf(schema["maxLength"]);
  const format = typeof schema["format"] === "string" ? schema["format"] : undefined;
  let text =
    writeField({ name, format, dice: context.dice }) ??
    context.phrase(name, least > 60 || /desc|summary|text|body|content|reason|comment|note|explan/i.test(name));
  while (Array.from(text).length < least) text = `${text} ${context.phrase(name, true)}`;
  return most === undefined || Array.from(text).length <= most
    ? text
    : Array.from(text).slice(0, most).join("").trim().padEnd(least, "x");
}

function singular(name: string): string {
  return name.replace(/ies$/, "y").replace(/s$/, "");
}

function objectOf(value: JsonValue | undefined): JsonSchema {
  return isObject(value) ? value : {};
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isList(value) ? value : [];
}
