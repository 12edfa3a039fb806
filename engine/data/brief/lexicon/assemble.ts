import { z } from "zod";

import { fieldById } from "./lexicon.ts";
import type { DomainEntry, FieldColumn, FieldEntry, Relation } from "./types.ts";

type Json = z.infer<ReturnType<typeof z.json>>;
type JsonObject = { [key: string]: Json };
type NamedColumn = JsonObject & { name: string };

export interface Assembled {
  /** Columns in the design file's format, references resolved; needed ones that nobody asked for have `drop: true`. */
  readonly columns: readonly NamedColumn[];
  readonly constraints: readonly JsonObject[];
}

export interface AssembleOptions {
  /** Whose parameters, names and relations count. */
  readonly domain?: DomainEntry;
  /** Column names by field id, before the domain's and the field's own. */
  readonly names?: Readonly<Record<string, string>>;
}

/**
 * Makes the columns of some fields: adds what they need, names them, applies what the domain says about them. Ids that
 * are no fields are left out. The order is that of `ids`; each needed field stands before the first that needs it.
 */
export function assembleFields(ids: readonly string[], { domain, names = {} }: AssembleOptions = {}): Assembled {
  const fields = withNeeds(ids, domain);
  const columnNames = nameColumns(ids, fields, (id) => names[id] ?? domain?.names[id]);
  const nameOf = (id: string): string => columnNames.get(id) ?? id;
  const isAsked = (id: string): boolean => ids.includes(id);
  const relations = (domain?.relations ?? []).filter((relation) => namedFields(relation).every((id) => fields.has(id)));
  const columns: NamedColumn[] = [];
  const constraints: JsonObject[] = [];
  for (const field of fields.values()) {
    const resolve = (value: Json): Json => resolveReferences(value, (id) => nameOf(id === "self" ? field.id : id));
    for (const { role, ...column } of field.columns) {
      const isMain = role === "main";
      const own = isMain ? applyDomain(column, field, domain, relations) : column;
      // A column read from JSON holds JSON only; the loose schema does not say so.
      const resolved = resolve(own as Json) as JsonObject;
      const isHidden = !isMain || !isAsked(field.id);
      columns.push({ ...resolved, name: isMain ? nameOf(field.id) : column.name, ...(isHidden ? { drop: true } : {}) });
    }
    // A field that a relation defines anew is no longer drawn as its constraints suppose.
    const isRedefined = relations.some((relation) => relation.field === field.id && isDefinition(relation.type));
    if (!isRedefined) for (const constraint of field.constraints) constraints.push(resolve(constraint) as JsonObject);
  }
  for (const relation of relations) {
    if (relation.type !== "compare") continue;
    const { field, operator, rhs } = relation;
    const right = resolveReferences(rhs, nameOf);
    constraints.push({ target_column: nameOf(field), operator, rhs: right });
  }
  return { columns, constraints };
}

/** Names of the main columns. A hidden one gives way to those that were asked for. */
function nameColumns(
  ids: readonly string[],
  fields: ReadonlyMap<string, FieldEntry>,
  wantedName: (id: string) => string | undefined,
): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  const taken = new Set<string>();
  const hidden = [...fields.keys()].filter((id) => !ids.includes(id));
  for (const id of [...ids, ...hidden]) {
    const wanted = wantedName(id) ?? mainColumn(fields.get(id))?.name ?? id;
    let name = wanted;
    if (!ids.includes(id)) for (let copy = 2; taken.has(name); copy += 1) name = `${wanted}_${copy}`;
    named.set(id, name);
    taken.add(name);
  }
  return named;
}

/** The fields and all they need, in an order in which what is needed comes first. */
function withNeeds(ids: readonly string[], domain: DomainEntry | undefined): ReadonlyMap<string, FieldEntry> {
  const fields = new Map<string, FieldEntry>();
  const add = (id: string): void => {
    const field = fieldById(id);
    if (field === undefined || fields.has(id)) return;
    // What was asked for keeps its place; only what nobody asked for is put before.
    for (const need of neededBy(field, domain)) if (!ids.includes(need)) add(need);
    fields.set(id, field);
  };
  for (const id of ids) add(id);
  return fields;
}

/** What a field needs; a relation that replaces how it is made also replaces that. */
export function neededBy(field: FieldEntry, domain?: DomainEntry): readonly string[] {
  const relation = domain?.relations.find(({ type, field: id }) => id === field.id && isDefinition(type));
  return relation === undefined ? field.needs : namedFields(relation).filter((id) => id !== field.id);
}

function isDefinition(type: Relation["type"]): boolean {
  return type === "after" || type === "expression";
}

/** Every field that a relation speaks of. */
export function namedFields(relation: Relation): string[] {
  switch (relation.type) {
    case "after":
      return [relation.field, relation.reference];
    case "compare":
      return [relation.field, ...referencesIn(String(relation.rhs))];
    case "expression":
      return [relation.field, ...referencesIn(relation.expr)];
    case "conditional":
      return [relation.field, ...referencesIn(relation.when)];
  }
}

function applyDomain(
  column: Omit<FieldColumn, "role">,
  field: FieldEntry,
  domain: DomainEntry | undefined,
  relations: readonly Relation[],
): object {
  let made: Record<string, unknown> = { ...column };
  const override = domain?.overrides[field.id];
  if (override !== undefined) made = { ...made, params: { ...asObject(made["params"]), ...override } };
  for (const relation of relations) {
    if (relation.field !== field.id) continue;
    if (relation.type === "after") made = timedelta(made, relation);
    if (relation.type === "expression") {
      made = { name: made["name"], column_type: "expression", expr: relation.expr, dtype: relation.dtype };
    }
    if (relation.type === "conditional") {
      const params = { ...asObject(made["params"]), ...relation.params };
      made = { ...made, conditional_params: { ...asObject(made["conditional_params"]), [relation.when]: params } };
    }
  }
  return made;
}

function timedelta(
  column: Record<string, unknown>,
  relation: Extract<Relation, { type: "after" }>,
): Record<string, unknown> {
  const format = typeof column["convert_to"] === "string" ? { convert_to: column["convert_to"] } : {};
  const { min, max, reference, unit } = relation;
  return {
    name: column["name"],
    column_type: "sampler",
    sampler_type: "timedelta",
    params: { dt_min: min, dt_max: max + 1, reference_column_name: `@${reference}`, unit },
    ...format,
  };
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

export function mainColumn(field: FieldEntry | undefined): FieldColumn | undefined {
  return field?.columns.find(({ role }) => role === "main");
}

/** `@id`, but not the `@` of a mail address, which stands after a letter or a brace. */
const REFERENCE = /(?<![\w}])@([a-z][a-z0-9_]*)/g;

export function referencesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map(([, id = ""]) => id);
}

function resolveReferences(value: Json, nameOf: (id: string) => string): Json {
  const inText = (text: string): string => text.replaceAll(REFERENCE, (_, id: string) => nameOf(id));
  if (typeof value === "string") return inText(value);
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, nameOf));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [inText(key), resolveReferences(item, nameOf)]));
}
