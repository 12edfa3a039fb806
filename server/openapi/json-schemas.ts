import { z } from "zod";

import { namedSchemas } from "./names.ts";

/** As much of JSON Schema as is looked at here. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** Who sends a value: the caller, before defaults and transforms, or the service. */
export type Direction = "input" | "output";

const PREFIX = "#/components/schemas/";

export function nameOfReference(reference: string): string {
  return reference.slice(PREFIX.length);
}

/** Schemas to be shown, and afterwards what they look like and which components they need. */
export interface SchemaCollector {
  /** Tells that a schema is shown. What it looks like is known when everything has been added. */
  add(schema: z.ZodType, direction: Direction): () => JsonSchema;
  /** Components by name, only those that are needed. Call once, after the last `add`. */
  finish(): Record<string, JsonSchema>;
}

/**
 * Turns zod schemas into JSON schemas in one go for each direction, so that all of them refer to the same components. A
 * schema that looks different to those who send it than to those who get it has a second component, `…Input`.
 */
export function createSchemaCollector(): SchemaCollector {
  const added = { input: new Map<z.ZodType, string>(), output: new Map<z.ZodType, string>() };
  let converted: Readonly<Record<Direction, Record<string, JsonSchema>>> | undefined;

  return {
    add(schema, direction) {
      const uses = added[direction];
      const id = uses.get(schema) ?? `${direction} ${uses.size}`;
      uses.set(schema, id);
      return () => {
        const shown = converted?.[direction][id]?.properties?.["value"];
        if (shown === undefined) throw new Error("schemas are read after finish() only");
        return shown;
      };
    },
    finish() {
      const input = convert(added.input, "input");
      const output = convert(added.output, "output");
      const inInput = reachable(
        [...added.input.values()].map((id) => input[id]),
        input,
      );
      const inOutput = reachable(
        [...added.output.values()].map((id) => output[id]),
        output,
      );
      const differing = findDiffering(input, output);
      const inputName = (name: string): string => (differing.has(name) && inOutput.has(name) ? `${name}Input` : name);
      const renamed = rename(input, inputName);
      converted = { input: renamed, output };
      const components = [
        ...[...inInput].map((name): [string, JsonSchema] => [inputName(name), renamed[name] ?? {}]),
        ...[...inOutput].map((name): [string, JsonSchema] => [name, output[name] ?? {}]),
      ];
      return Object.fromEntries(components.sort(([left], [right]) => (left < right ? -1 : 1)));
    },
  };
}

function convert(uses: ReadonlyMap<z.ZodType, string>, direction: Direction): Record<string, JsonSchema> {
  const registry = z.registry<{ readonly id: string }>();
  for (const [id, schema] of namedSchemas) registry.add(schema, { id });
  // In an object of their own: one that another contains would otherwise turn into a component.
  for (const [schema, id] of uses) registry.add(z.object({ value: schema }), { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: direction,
    uri: (id) => PREFIX + id,
    unrepresentable: "any",
    override: (context) => tidy(context, direction),
  });
  if ("__shared" in schemas) throw new Error("a schema refers to itself and has no name; see openapi/names.ts");
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...schema }]) => [
      id,
      // What zod writes is JSON Schema; the interface names the part of it that is looked at.
      schema as JsonSchema,
    ]),
  );
}

interface Overridden {
  readonly zodSchema: z.core.$ZodType;
  readonly jsonSchema: z.core.JSONSchema.BaseSchema;
}

/** Takes out what says nothing to a reader. */
function tidy({ zodSchema, jsonSchema }: Overridden, direction: Direction): void {
  const { openapi } = jsonSchema;
  if (typeof openapi === "object" && openapi !== null) {
    const { description, examples } = jsonSchema;
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
    Object.assign(jsonSchema, description === undefined ? {} : { description }, openapi);
    if (examples !== undefined) jsonSchema["examples"] = examples;
  }
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  const names = jsonSchema.propertyNames;
  if (typeof names === "object" && JSON.stringify(names) === '{"type":"string"}') delete jsonSchema.propertyNames;
  const { def } = zodSchema._zod;
  // Readers are to expect fields that are new.
  if (direction === "output" && def.type === "object" && !("catchall" in def && def.catchall !== undefined)) {
    delete jsonSchema.additionalProperties;
  }
}

/** Names that both have, of schemas that are not the same or refer to such. */
function findDiffering(input: Record<string, JsonSchema>, output: Record<string, JsonSchema>): ReadonlySet<string> {
  const names = [...namedSchemas.keys()];
  const differing = new Set(names.filter((name) => JSON.stringify(input[name]) !== JSON.stringify(output[name])));
  for (let size = -1; size !== differing.size;) {
    size = differing.size;
    for (const name of names) {
      if ([...referencesIn(input[name])].some((reference) => differing.has(reference))) differing.add(name);
    }
  }
  return differing;
}

function rename(schemas: Record<string, JsonSchema>, to: (name: string) => string): Record<string, JsonSchema> {
  const text = JSON.stringify(schemas);
  // A copy of what is typed so, with other names in its references.
  return JSON.parse(text, (key, value: unknown) =>
    key === "$ref" && typeof value === "string" ? PREFIX + to(nameOfReference(value)) : value,
  ) as Record<string, JsonSchema>;
}

function reachable(
  roots: readonly (JsonSchema | undefined)[],
  schemas: Readonly<Record<string, JsonSchema>>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = roots.flatMap((root) => [...referencesIn(root)]);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...referencesIn(schemas[name]));
  }
  return found;
}

function referencesIn(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, part] of Object.entries(value)) {
    if (key === "$ref" && typeof part === "string") found.add(nameOfReference(part));
    else referencesIn(part, found);
  }
  return found;
}
