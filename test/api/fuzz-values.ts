import * as fc from "fast-check";

/** As much of JSON Schema as the service's OpenAPI document uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Values that mean something to the service, under the name of the field, the parameter or the schema that takes them. */
export type Dictionary = Readonly<Record<string, readonly unknown[]>>;

const nested = (levels: number): unknown => {
  let value: unknown = "bottom";
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { next: value };
  return value;
};

/** Texts between these marks reach the wire as they are: what `JSON.stringify` would never write. */
const RAW = /"@raw:([^"]*)@"/g;
const raw = (text: string): string => `@raw:${text}@`;

export function toWireText(value: unknown): string {
  return (JSON.stringify(value) ?? "").replaceAll(RAW, "$1");
}

const PROTOTYPE_KEYS = JSON.parse(
  '[{"__proto__":{"polluted":"yes"}},{"constructor":{"prototype":{"polluted":"yes"}}},{"toString":1,"hasOwnProperty":2}]',
) as readonly unknown[];

/** What breaks parsers, databases, paths, headers, templates and prototypes. */
export const HOSTILE_TEXTS: readonly string[] = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff\ud800",
  "\u202eevil\u2066",
  "ｔｗｏ　ｎｏｄｅｓ",
  "😀".repeat(300),
  "x".repeat(20_000),
  "../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "%00",
  "a\r\nSet-Cookie: stolen=1",
  "'; drop table threads; --",
  '"}],{"',
  "{{7*7}}${7*7}",
  "__proto__",
  "constructor",
  "prototype",
  "NaN",
  "-0",
  "1e999",
  "null",
  "undefined",
  "[object Object]",
  "00000000-0000-0000-0000-000000000000",
  "2026-13-45T99:99:99Z",
  "(a+)+$",
  "$ne",
  "*",
];

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...HOSTILE_TEXTS) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      0.5,
      raw("-0"),
      2 ** 31,
      2 ** 53,
      -(2 ** 63),
      1e308,
      raw("1e400"),
      raw("-1e400"),
      raw("123456789012345678901234567890"),
      [],
      {},
      [[]],
      [null],
      { "": "" },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      ...PROTOTYPE_KEYS,
      nested(40),
      nested(180),
      raw("[".repeat(5_000) + "]".repeat(5_000)),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(Array.from({ length: 1_001 }, () => "x")) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** Name of the component that a reference is about. */
export function nameOf(reference: string): string {
  return reference.split("/").at(-1) ?? "";
}

/**
 * Mostly what the schema allows; which numbers and texts the service knows comes from `dictionary`, or else one time in three
 * from the examples of the schema.
 */
export function valueOf(
  schema: JsonSchema,
  name: string,
  dictionary: Dictionary,
  resolve: (reference: string) => JsonSchema,
  depth = 0,
): fc.Arbitrary<unknown> {
  const known = dictionary[name];
  if (known !== undefined && known.length > 0) return fc.constantFrom(...known);
  const { examples = [], ...shape } = schema;
  if (examples.length > 0) {
    return fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...examples) },
      { weight: 2, arbitrary: valueOf(shape, name, dictionary, resolve, depth) },
    );
  }
  const inner = (part: JsonSchema, partName = name): fc.Arbitrary<unknown> =>
    valueOf(part, partName, dictionary, resolve, depth + 1);
  if (depth > 6) return fc.constant(null);
  if (schema.$ref !== undefined) {
    const component = nameOf(schema.$ref);
    return inner(resolve(schema.$ref), dictionary[component] === undefined ? name : component);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined && choices.length > 0) return fc.oneof(...choices.map((choice) => inner(choice)));
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 1) return fc.oneof(...types.map((type) => inner({ ...schema, type })));
  switch (types[0] ?? "any") {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
    case "number": {
      const low = Math.max(schema.minimum ?? 0, -100);
      return fc.integer({ min: Math.ceil(low), max: Math.max(Math.ceil(low), Math.min(schema.maximum ?? 100, 100)) });
    }
    case "string":
      return fc.oneof(fc.constantFrom("a", "two words", "2026-06-01T00:00:00Z"), fc.string({ maxLength: 12 }));
    case "array":
      if (schema.prefixItems !== undefined) return fc.tuple(...schema.prefixItems.map((item) => inner(item)));
      return fc.array(inner(schema.items ?? {}), { maxLength: 3 });
    case "object": {
      const fields = Object.entries(schema.properties ?? {});
      if (fields.length === 0)
        return fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
      // An optional field is there one time in three: requests in which everything is set are refused early.
      const pairs = fields.map(([key, part]) =>
        schema.required?.includes(key)
          ? inner(part, key).map((value) => [[key, value]])
          : fc.oneof(
              { weight: 2, arbitrary: fc.constant([]) },
              { weight: 1, arbitrary: inner(part, key).map((value) => [[key, value]]) },
            ),
      );
      return fc.tuple(...pairs).map((parts) => Object.fromEntries(parts.flat() as [string, unknown][]));
    }
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

export interface Mutation {
  readonly at: number;
  readonly how: number;
  readonly value: unknown;
}

/** The value with one of its parts replaced, taken out, or joined by an unexpected one. */
export function mutate(value: unknown, { at, how, value: replacement }: Mutation): unknown {
  const places: { readonly parent: Record<string, unknown>; readonly key: string }[] = [];
  const root = { root: structuredClone(value) };
  const walk = (parent: Record<string, unknown>, depth: number): void => {
    for (const key of Object.keys(parent)) {
      places.push({ parent, key });
      const part = parent[key];
      // Arrays are walked by their indexes.
      if (typeof part === "object" && part !== null && depth < 8) walk(part as Record<string, unknown>, depth + 1);
    }
  };
  walk(root, 0);
  const place = places[at % places.length];
  if (place === undefined) return value;
  const { parent, key } = place;
  if (how % 5 === 0 && parent !== root) delete parent[key];
  else if (how % 5 === 1) parent[key] = [parent[key], replacement];
  else parent[key] = replacement;
  return root.root;
}
