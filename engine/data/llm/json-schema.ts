import type { JsonValue } from "../table.ts";
import { checkNumber, checkText } from "./json-schema-values.ts";

export type JsonSchema = { readonly [key: string]: JsonValue };

export interface SchemaProblem {
  /** Like `$.items[2].price`. */
  readonly path: string;
  readonly message: string;
}

export interface SchemaCheck {
  /** The value without the properties that the schema does not know; meaningful when there are no problems. */
  readonly value: JsonValue;
  readonly problems: readonly SchemaProblem[];
  /** What was changed to fit: removed properties and values whose type was written as text. */
  readonly changes: readonly string[];
}

const MAX_DEPTH = 64;
const MAX_PROBLEMS = 20;

/**
 * Interprets a JSON Schema (2020-12 and the `definitions` of older drafts) over a value: types, enums, objects, lists,
 * bounds, `anyOf`/`oneOf`/`allOf`/`not` and local `$ref`s. Properties that `properties` does not list are removed unless
 * `additionalProperties` or `patternProperties` allow them. Numbers and booleans written as text are read as such where the schema has no text there.
 * Keywords it does not know prove nothing and are passed over. Never throws, never builds code from a schema.
 */
export function checkSchema(schema: JsonSchema, value: JsonValue): SchemaCheck {
  const context: Context = { root: schema, changes: [], problems: [] };
  const checked = check(schema, value, { path: "$", depth: 0, known: new Set() }, context);
  return { value: checked, problems: context.problems, changes: context.changes };
}

interface Context {
  readonly root: JsonSchema;
  readonly changes: string[];
  readonly problems: SchemaProblem[];
}

interface Place {
  readonly path: string;
  readonly depth: number;
  /** Properties that a schema around this one knows, so that the parts of an `allOf` do not remove each other's. */
  readonly known: ReadonlySet<string>;
}

function check(schema: JsonValue | undefined, value: JsonValue, place: Place, context: Context): JsonValue {
  const fail = (message: string): void => {
    if (context.problems.length < MAX_PROBLEMS) context.problems.push({ path: place.path, message });
  };
  if (schema === false) {
    fail("is not allowed here");
    return value;
  }
  if (!isObject(schema)) return value;
  if (place.depth > MAX_DEPTH) {
    fail(`is nested more than ${MAX_DEPTH} levels deep`);
    return value;
  }
  const inner = { ...place, depth: place.depth + 1 };
  let current = value;
  if (typeof schema["$ref"] === "string") {
    const target = resolveReference(schema["$ref"], context.root);
    if (target === undefined) fail(`cannot be checked: the schema has no ${schema["$ref"]}`);
    else current = check(target, current, inner, context);
  }
  current = coerceType(schema, current, place, context);
  const types = typesOf(schema);
  if (types.length > 0 && !types.some((type) => hasType(current, type))) {
    fail(`must be ${types.join(" or ")}, not ${typeName(current)}`);
    return current;
  }
  checkAllowed(schema, current, fail);
  if (typeof current === "string") checkText(schema, current, fail);
  if (typeof current === "number") checkNumber(schema, current, fail);
  current = checkBranches(schema, current, inner, context, fail);
  if (isList(current)) return checkList(schema, current, inner, context, fail);
  return isObject(current) ? checkObject(schema, current, inner, context, fail) : current;
}

type Fail = (message: string) => void;

function checkAllowed(schema: JsonSchema, value: JsonValue, fail: Fail): void {
  const allowed = schema["enum"];
  if (isList(allowed) && !allowed.some((option) => isEqual(option, value))) {
    fail(`must be one of ${shorten(JSON.stringify(allowed))}, not ${shorten(JSON.stringify(value))}`);
  }
  if (schema["const"] !== undefined && !isEqual(schema["const"], value))
    fail(`must be ${JSON.stringify(schema["const"])}`);
}

function checkBranches(schema: JsonSchema, value: JsonValue, place: Place, context: Context, fail: Fail): JsonValue {
  let current = value;
  const all = schema["allOf"];
  if (isList(all)) {
    const known = new Set([...place.known, ...knownProperties(schema, context.root)]);
    for (const part of all) current = check(part, current, { ...place, known }, context);
  }
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = schema[keyword];
    if (!isList(branches)) continue;
    const known = new Set([...place.known, ...ownProperties(schema)]);
    const fitting = branches
      .map((branch) => attempt(branch, current, { ...place, known }, context))
      .filter(({ problems }) => problems.length === 0);
    const [first] = fitting.toSorted((left, right) => left.changes.length - right.changes.length);
    if (first === undefined) fail(`fits none of the ${branches.length} alternatives of ${keyword}`);
    else {
      // More than one fit is possible once unknown properties are pruned; only exact fits break a oneOf.
      const exact = fitting.filter(({ changes }) => changes.length === 0);
      if (keyword === "oneOf" && exact.length > 1) fail("fits more than one alternative of oneOf");
      context.changes.push(...first.changes);
      current = first.value;
    }
  }
  if (schema["not"] !== undefined && attempt(schema["not"], current, place, context).problems.length === 0) {
    fail("is what the schema's `not` excludes");
  }
  return current;
}

function attempt(schema: JsonValue, value: JsonValue, place: Place, { root }: Context): SchemaCheck {
  const context: Context = { root, changes: [], problems: [] };
  const checked = check(schema, value, place, context);
  return { value: checked, problems: context.problems, changes: context.changes };
}

function checkList(
  schema: JsonSchema,
  value: readonly JsonValue[],
  place: Place,
  context: Context,
  fail: Fail,
): JsonValue {
  const [least, most] = [numberOf(schema["minItems"]), numberOf(schema["maxItems"])];
  if (least !== undefined && value.length < least) fail(`must have at least ${least} items, not ${value.length}`);
  if (most !== undefined && value.length > most) fail(`must have at most ${most} items, not ${value.length}`);
  if (schema["uniqueItems"] === true && new Set(value.map(canonical)).size < value.length)
    fail("must not repeat items");
  const prefix = isList(schema["prefixItems"]) ? schema["prefixItems"] : [];
  return value.map((item, at) =>
    check(
      prefix[at] ?? schema["items"],
      item,
      { path: `${place.path}[${at}]`, depth: place.depth, known: new Set() },
      context,
    ),
  );
}

function checkObject(schema: JsonSchema, value: JsonSchema, place: Place, context: Context, fail: Fail): JsonValue {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const patterns = isObject(schema["patternProperties"]) ? Object.entries(schema["patternProperties"]) : [];
  const additional = schema["additionalProperties"];
  for (const name of isList(schema["required"]) ? schema["required"] : []) {
    if (typeof name === "string" && !Object.hasOwn(value, name)) fail(`lacks the property "${name}"`);
  }
  const isClosed = Object.keys(properties).length > 0 || additional === false;
  const kept: [string, JsonValue][] = [];
  for (const [name, item] of Object.entries(value)) {
    const at = { path: `${place.path}.${name}`, depth: place.depth, known: new Set<string>() };
    const pattern = patterns.find(([text]) => matchesPattern(text, name));
    if (Object.hasOwn(properties, name)) kept.push([name, check(properties[name], item, at, context)]);
    else if (pattern !== undefined) kept.push([name, check(pattern[1], item, at, context)]);
    else if (isObject(additional)) kept.push([name, check(additional, item, at, context)]);
    else if (additional === true || !isClosed || place.known.has(name) || isKnownElsewhere(schema, name, context.root))
      kept.push([name, item]);
    else context.changes.push(`${at.path} removed`);
  }
  const [least, most] = [numberOf(schema["minProperties"]), numberOf(schema["maxProperties"])];
  if (least !== undefined && kept.length < least) fail(`must have at least ${least} properties`);
  if (most !== undefined && kept.length > most) fail(`must have at most ${most} properties`);
  return Object.fromEntries(kept);
}

function isKnownElsewhere(schema: JsonSchema, name: string, root: JsonSchema): boolean {
  return knownProperties(schema, root).has(name);
}

function ownProperties(schema: JsonSchema): string[] {
  return isObject(schema["properties"]) ? Object.keys(schema["properties"]) : [];
}

/** Properties named by the schema itself, by what it refers to and by all its branches. */
function knownProperties(schema: JsonSchema, root: JsonSchema, depth = 0): Set<string> {
  const names = new Set(ownProperties(schema));
  if (depth > 8) return names;
  const parts = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => (isList(schema[keyword]) ? schema[keyword] : []));
  if (typeof schema["$ref"] === "string") parts.push(resolveReference(schema["$ref"], root) ?? {});
  for (const part of parts) {
    if (isObject(part)) for (const name of knownProperties(part, root, depth + 1)) names.add(name);
  }
  return names;
}

/** `"12"` where a number is wanted, `"true"` where a boolean is wanted, and an option in other letters where text is. */
function coerceType(schema: JsonSchema, value: JsonValue, place: Place, context: Context): JsonValue {
  if (typeof value !== "string") return value;
  const types = typesOf(schema);
  const options = isList(schema["enum"]) ? schema["enum"] : [];
  let coerced: JsonValue | undefined;
  const trimmed = value.trim();
  if (types.length > 0 && !types.includes("string")) {
    const isNumber = /^-?(?:\d+|\d*\.\d+|\d+\.\d*)(?:[eE][+-]?\d+)?$/.test(trimmed);
    if (isNumber && (types.includes("number") || (types.includes("integer") && Number.isInteger(Number(trimmed)))))
      coerced = Number(trimmed);
    else if (types.includes("boolean") && /^(?:true|false)$/i.test(trimmed)) coerced = trimmed.toLowerCase() === "true";
    else if (types.includes("null") && /^(?:null|none)?$/i.test(trimmed)) coerced = null;
  } else if (options.length > 0 && !options.includes(value)) {
    const close = options.filter(
      (option) => typeof option === "string" && option.toLowerCase() === trimmed.toLowerCase(),
    );
    if (close.length === 1) [coerced] = close;
  }
  if (coerced === undefined) return value;
  context.changes.push(`${place.path} read as ${JSON.stringify(coerced)}`);
  return coerced;
}

/** `#`, `#/$defs/Name` and other pointers into the same schema; undefined for anything else. */
export function resolveReference(reference: string, root: JsonSchema): JsonValue | undefined {
  if (!reference.startsWith("#")) return undefined;
  let current: JsonValue | undefined = root;
  for (const part of reference
    .slice(1)
    .split("/")
    .filter((text) => text !== "")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    current =
      isObject(current) && Object.hasOwn(current, key)
        ? current[key]
        : isList(current)
          ? current[Number(key)]
          : undefined;
  }
  return current;
}

export function typesOf(schema: JsonSchema): readonly string[] {
  const type = schema["type"];
  const types = typeof type === "string" ? [type] : isList(type) ? type.filter((name) => typeof name === "string") : [];
  return schema["nullable"] === true && types.length > 0 ? [...types, "null"] : types;
}

function hasType(value: JsonValue, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "number") return typeof value === "number";
  return typeName(value) === type;
}

function typeName(value: JsonValue): string {
  if (value === null) return "null";
  if (isList(value)) return "array";
  return typeof value;
}

function matchesPattern(pattern: string, name: string): boolean {
  const problems: string[] = [];
  checkText({ pattern }, name, (message) => problems.push(message));
  return problems.length === 0;
}

export function isObject(value: JsonValue | undefined): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function isEqual(left: JsonValue, right: JsonValue): boolean {
  return left === right || canonical(left) === canonical(right);
}

/** Text that is equal for equal values, whatever the order of their properties. */
function canonical(value: JsonValue): string {
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(",")}}`;
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
