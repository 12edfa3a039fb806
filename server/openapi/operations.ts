import { z } from "zod";

import type { ErrorCode } from "../../lib/errors.ts";
import type { DocumentedRoute } from "./document.ts";
import { exampleOf } from "./examples.ts";
import { ANY_FAILURE, byStatus, failureResponse, responseName } from "./failures.ts";
import type { Direction, JsonSchema, SchemaCollector } from "./json-schemas.ts";
import { type DocumentedAuth, securityOf } from "./security.ts";
import type { HeaderObject, MediaType, OperationObject, ParameterObject, ResponseObject } from "./types.ts";

type Components = Readonly<Record<string, JsonSchema>>;
type Read = (components: Components) => JsonSchema;
/** Makes the operation when the components are known, and adds the failures that it refers to. */
export type FinishOperation = (components: Components, failures: Set<ErrorCode>) => OperationObject;

export interface OperationOptions {
  readonly collector: SchemaCollector;
  readonly auth: DocumentedAuth | undefined;
}

/** Reads what a route's schema tells. In two steps, as schemas are converted all at once. */
export function createOperationReader({
  collector,
  auth,
}: OperationOptions): (route: DocumentedRoute) => FinishOperation {
  const add = (schema: unknown, direction: Direction): Read | undefined =>
    schema instanceof z.ZodType ? collector.add(schema, direction) : undefined;

  return (route) => {
    const { method, url, schema } = route;
    const { operationId, summary, description, tags, body } = schema;
    const path = add(schema.params, "input");
    const query = add(schema.querystring, "input");
    const requestBody = add(body, "input");
    const requestHeaders = readHeaders(collector, schema.requestHeaders, "input");
    const responses = readResponses(collector, schema);
    const guard = securityOf(auth, method, url);
    const codes = failuresOf(route, guard !== undefined && guard.security.length > 0);
    const errorBody = schema.errorBody === undefined ? undefined : collector.add(schema.errorBody, "output");

    return (components, failures) => {
      const own = responses(components);
      const parameters = [
        ...[...url.matchAll(/:(\w+)/g)].map(([, name = ""]) => toParameter(name, "path", propertyOf(path, name))),
        ...Object.entries(query?.(components).properties ?? {}).map(([name, property]) =>
          toParameter(name, "query", property, query?.(components).required?.includes(name)),
        ),
        ...requestHeaders().map(([name, { schema: header }]) => toParameter(name, "header", header)),
      ];
      const text = [description, guard?.note].filter((part) => part !== undefined).join("\n\n");
      return {
        ...(operationId === undefined ? {} : { operationId }),
        ...(summary === undefined ? {} : { summary }),
        ...(text === "" ? {} : { description: text }),
        ...(tags === undefined ? {} : { tags: [...tags] }),
        ...(guard === undefined ? {} : { security: guard.security }),
        ...(parameters.length === 0 ? {} : { parameters }),
        ...(requestBody === undefined
          ? {}
          : {
              requestBody: {
                // What is left out is read as an empty object.
                required: !(body instanceof z.ZodType && body.safeParse({}).success),
                content: { "application/json": toMedia(requestBody(components), components) },
              },
            }),
        responses: {
          ...own,
          ...(errorBody === undefined
            ? failureResponses(codes, own, failures)
            : dialectResponses(codes, own, toMedia(errorBody(), components))),
        },
      };

      function propertyOf(read: Read | undefined, name: string): JsonSchema {
        return read?.(components).properties?.[name] ?? { type: "string" };
      }
    };
  };
}

/** The failures that a route has because of its parts, besides its own. */
function failuresOf({ method, schema, isLimited }: DocumentedRoute, isGuarded: boolean): readonly ErrorCode[] {
  const { body, params, querystring, errors = [], errorBody } = schema;
  // A body that nobody asked for is read, too.
  const isRead = method !== "GET" || body !== undefined;
  return [
    ...(isRead && errorBody === undefined ? (["invalid_json"] as const) : []),
    ...(isGuarded ? (["unauthorized", "forbidden"] as const) : []),
    ...errors,
    ...(isRead ? (["payload_too_large"] as const) : []),
    ...(isRead || params !== undefined || querystring !== undefined ? (["invalid_input"] as const) : []),
    ...(isLimited ? (["rate_limited"] as const) : []),
  ];
}

function failureResponses(
  codes: readonly ErrorCode[],
  own: Readonly<Record<string, unknown>>,
  failures: Set<ErrorCode>,
): Record<string, ResponseObject | { $ref: string }> {
  const rows = byStatus(codes).filter(([status]) => !(status in own));
  const responses: Record<string, ResponseObject | { $ref: string }> = {};
  for (const [status, list] of rows) {
    const [only] = list;
    if (list.length > 1 || only === undefined) responses[status] = failureResponse(list);
    else {
      failures.add(only);
      responses[status] = { $ref: `#/components/responses/${responseName(only)}` };
    }
  }
  return { ...responses, default: { $ref: "#/components/responses/Failure" } };
}

/** The failures of a route with a body of its own for them. */
function dialectResponses(
  codes: readonly ErrorCode[],
  own: Readonly<Record<string, unknown>>,
  media: MediaType,
): Record<string, ResponseObject> {
  const content = { "application/json": media };
  const rows = byStatus(codes).filter(([status]) => !(status in own));
  return {
    ...Object.fromEntries(
      rows.map(([status, list]) => [status, { description: failureResponse(list).description, content }]),
    ),
    default: { description: ANY_FAILURE.description, content },
  };
}

function readResponses(
  collector: SchemaCollector,
  { response, responseHeaders }: DocumentedRoute["schema"],
): (components: Components) => Record<string, ResponseObject> {
  const headers = readHeaders(collector, responseHeaders, "output");
  // Fastify leaves its type open.
  const entries = Object.entries((response ?? { 200: z.void() }) as Readonly<Record<string, unknown>>).map(
    ([status, answer]) => ({ status, ...readAnswer(answer) }),
  );
  const known = entries.map(({ status, description, content }) => ({
    status,
    description,
    content: content.map(([type, schema]) => ({ type, read: collector.add(schema, "output") })),
  }));
  return (components) =>
    Object.fromEntries(
      known.map(({ status, description, content }) => {
        const shown = headers();
        return [
          status,
          {
            description: description ?? "Done.",
            ...(status.startsWith("2") && shown.length > 0 ? { headers: Object.fromEntries(shown) } : {}),
            ...(content.length === 0
              ? {}
              : {
                  content: Object.fromEntries(content.map(({ type, read }) => [type, toMedia(read(), components)])),
                }),
          },
        ];
      }),
    );
}

interface Answer {
  readonly description: string | undefined;
  readonly content: readonly (readonly [type: string, schema: z.ZodType])[];
}

/** A response of a route: a schema, none, or one for each media type. */
function readAnswer(answer: unknown): Answer {
  if (answer instanceof z.ZodType) {
    const { description } = answer;
    if (answer instanceof z.ZodVoid) return { description, content: [] };
    return { description, content: [["application/json", answer]] };
  }
  const { description, content } = ContentAnswer.parse(answer);
  const rows = Object.entries(content).map(([type, { schema }]) => [type, schema] as const);
  return { description: description ?? rows[0]?.[1].description, content: rows };
}

const ContentAnswer = z.object({
  description: z.string().optional(),
  content: z.record(z.string(), z.object({ schema: z.instanceof(z.ZodType) })),
});

function readHeaders(
  collector: SchemaCollector,
  headers: Readonly<Record<string, z.ZodType>> | undefined,
  direction: Direction,
): () => [name: string, header: HeaderObject][] {
  const known = Object.entries(headers ?? {}).map(([name, schema]) => ({
    name,
    read: collector.add(schema, direction),
  }));
  return () =>
    known.map(({ name, read }) => {
      const { description, ...schema } = read();
      return [name, { ...(description === undefined ? {} : { description }), schema }];
    });
}

function toParameter(
  name: string,
  place: ParameterObject["in"],
  { description, deprecated, ...schema }: JsonSchema,
  isRequired = false,
): ParameterObject {
  return {
    name,
    in: place,
    ...(place === "path" || isRequired ? { required: true } : {}),
    ...(description === undefined ? {} : { description }),
    ...(deprecated === true ? { deprecated } : {}),
    schema,
  };
}

function toMedia(schema: JsonSchema, components: Components): MediaType {
  return { schema, example: exampleOf(schema, components) };
}
