import * as fc from "fast-check";

import {
  type Dictionary,
  HOSTILE_TEXTS,
  type JsonSchema,
  hostileValue,
  mutate,
  nameOf,
  toWireText,
  valueOf,
} from "./fuzz-values.ts";

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

interface Content {
  readonly schema?: JsonSchema;
}

export interface ResponseObject {
  readonly headers?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  readonly content?: Readonly<Record<string, Content>>;
}

export interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, ResponseObject | { readonly $ref: string }>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
  };
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly spec: OperationObject;
}

/** Every operation of the document; those that take away what others need come last. */
export function operationsOf(document: OpenApi): Operation[] {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, spec]) => ({
      id: spec.operationId,
      method: method.toUpperCase(),
      path,
      spec,
    })),
  );
  const rank = ({ id }: Operation): number => (/^(delete|prune)/.test(id) ? 1 : 0);
  return operations.sort((left, right) => rank(left) - rank(right));
}

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const CONTENT_TYPES = [
  "application/json",
  "application/json; charset=utf-8",
  "text/plain;charset=UTF-8",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/xml",
  "no type at all",
];

const MALFORMED = [
  "",
  " \n",
  "{",
  '{"a":1,}',
  "[1,2",
  "nul",
  '"text"',
  "null",
  "true",
  "7",
  "[]",
  "{}",
  "{}{}",
  "\ufeff{}",
  '{"a":1,"a":2}',
  '{"a":"\u0001"}',
  "a=1&b=2",
  "<xml/>",
  '{"__proto__":{"polluted":"yes"}}',
  '{"constructor":{"prototype":{"polluted":"yes"}}}',
  `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`,
];

/** Header values a client can get past an HTTP parser. */
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { "last-event-id": "-1" },
  { "last-event-id": "99999999999999999999" },
  { "last-event-id": "1; drop" },
  { "x-request-id": "x".repeat(200) },
  { "x-request-id": '"><script>' },
  { "x-auth-scheme": "langsmith", "x-api-key": "\u00ff\u00fe" },
  { "x-__proto__": "polluted", "x-constructor": "polluted" },
  { accept: "application/xml;q=0.1, */*;q=nan" },
  { authorization: "Bearer  " },
  { origin: "null", referer: "javascript:alert(1)" },
  { "if-none-match": "*", range: "bytes=9-1" },
  { "content-encoding": "gzip" },
];

/** Requests of one operation, from what its schema allows to what nobody should send. */
export function requestsOf(operation: Operation, dictionary: Dictionary, document: OpenApi): fc.Arbitrary<FuzzRequest> {
  const resolve = (reference: string): JsonSchema => {
    const schema = document.components.schemas[nameOf(reference)];
    if (schema === undefined) throw new Error(`${reference} is not in the document`);
    return schema;
  };
  const { method, path, spec } = operation;
  const parameters = spec.parameters ?? [];
  return fc
    .record({
      path: pathOf(path, parameters, dictionary, resolve),
      query: queryOf(parameters, dictionary, resolve),
      headers: headersOf(spec, dictionary, resolve),
      contentType: fc.oneof(
        { weight: 3, arbitrary: fc.constant(CONTENT_TYPES[0]) },
        fc.constantFrom(undefined, ...CONTENT_TYPES),
      ),
      body: method === "GET" ? fc.constant(undefined) : bodyOf(operation, dictionary, resolve),
    })
    .map(({ path: filled, query, headers, contentType, body }) => ({
      method,
      path: `${filled}${query === "" ? "" : `?${query}`}`,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
        ...(body === undefined || contentType === undefined ? {} : { "content-type": contentType }),
      },
      body,
    }));
}

/** Mostly those that the document knows: an `accept` of what is answered, and the parameters that are headers. */
function headersOf(
  { parameters = [], responses }: OperationObject,
  dictionary: Dictionary,
  resolve: Resolve,
): fc.Arbitrary<Readonly<Record<string, string>>> {
  const types = new Set(
    Object.values(responses).flatMap((response) => ("$ref" in response ? [] : Object.keys(response.content ?? {}))),
  );
  const declared = parameters
    .filter((parameter) => parameter.in === "header")
    .map(({ name, schema }) =>
      fc
        .option(valueOf(schema, name, dictionary, resolve), { freq: 1 })
        .map((value): Record<string, string> =>
          value === null ? {} : { [name.toLowerCase()]: encodeURI(textOf(value).toWellFormed()) },
        ),
    );
  const accept: Record<string, string> = types.size === 0 ? {} : { accept: [...types].join(", ") };
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(...declared)
        .map((headers) => Object.fromEntries([accept, ...headers].flatMap(Object.entries))),
    },
    { weight: 1, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.constantFrom(...HEADERS) },
  );
}

type Resolve = (reference: string) => JsonSchema;

function pathOf(
  path: string,
  parameters: readonly Parameter[],
  dictionary: Dictionary,
  resolve: Resolve,
): fc.Arbitrary<string> {
  const parts = path.split("/").map((part): fc.Arbitrary<string> => {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name === undefined) return fc.constant(part);
    const schema = parameters.find((parameter) => parameter.name === name)?.schema ?? {};
    return fc.oneof(
      { weight: 5, arbitrary: valueOf(schema, name, dictionary, resolve).map(inUrl) },
      { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_TEXTS).map(inUrl) },
      // Not encoded as it should be.
      { weight: 1, arbitrary: fc.constantFrom("%", "%zz", "%c0%ae", ".", "..", ";a=b", "%2e%2e", "a%2fb", "%ff") },
    );
  });
  return fc.tuple(...parts).map((filled) => filled.join("/"));
}

function queryOf(parameters: readonly Parameter[], dictionary: Dictionary, resolve: Resolve): fc.Arbitrary<string> {
  const pairs = parameters
    .filter((parameter) => parameter.in === "query")
    .map(({ name, schema }) => {
      const good = valueOf(schema, name, dictionary, resolve).map((value) => `${name}=${inUrl(value)}`);
      const bad = fc.constantFrom(...HOSTILE_TEXTS).map((value) => `${name}=${inUrl(value)}`);
      return fc.oneof(
        { weight: 3, arbitrary: fc.constant("") },
        { weight: 3, arbitrary: good },
        { weight: 2, arbitrary: bad },
        {
          weight: 1,
          arbitrary: fc.constantFrom(name, `${name}=`, `${name}=1&${name}=2`, `${name}[]=1`, `${name}[a]=1`),
        },
      );
    });
  const further = fc.oneof(
    { weight: 6, arbitrary: fc.constant("") },
    {
      weight: 1,
      arbitrary: fc.constantFrom("__proto__[polluted]=yes", "__proto__=1", "&&&", "=", "%", "a=%zz", "unknown=1"),
    },
  );
  return fc.tuple(...pairs, further).map((texts) => texts.filter((text) => text !== "").join("&"));
}

function bodyOf({ spec }: Operation, dictionary: Dictionary, resolve: Resolve): fc.Arbitrary<string | undefined> {
  const schema = spec.requestBody?.content["application/json"]?.schema;
  const base = valueOf(schema ?? {}, "body", dictionary, resolve);
  const mutation = fc.record({ at: fc.nat(200), how: fc.nat(9), value: hostileValue });
  const mutated = fc.tuple(base, fc.array(mutation, { minLength: 1, maxLength: 2 })).map(([value, mutations]) => {
    let result = value;
    for (const one of mutations) result = mutate(result, one);
    return toWireText(result);
  });
  return fc.oneof(
    { weight: 5, arbitrary: base.map(toWireText) },
    { weight: 10, arbitrary: mutated },
    { weight: 2, arbitrary: fc.constantFrom(undefined, ...MALFORMED) },
    { weight: 1, arbitrary: fc.tuple(base, fc.nat(400)).map(([value, end]) => toWireText(value).slice(0, end)) },
  );
}

/** What is longer does not get past the limit that Node sets to the head of a request. */
const MAX_URL_PART = 2_000;

function inUrl(value: unknown): string {
  return encodeURIComponent(
    textOf(value)
      .slice(0, MAX_URL_PART / 3)
      .toWellFormed(),
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : toWireText(value);
}
