import type { FastifySchema } from "fastify";
import { z } from "zod";

import type { ErrorCode } from "../../lib/errors.ts";
import { VERSION } from "../../lib/version.ts";
import { ErrorBody } from "../schemas/common.ts";
import { ANY_FAILURE, byStatus, failureResponse, responseName } from "./failures.ts";
import { type JsonSchema, createSchemaCollector } from "./json-schemas.ts";
import { createOperationReader } from "./operations.ts";
import { type DocumentedAuth, securitySchemes } from "./security.ts";
import { TAGS } from "./tags.ts";
import type { OperationObject, ResponseObject } from "./types.ts";

export interface DocumentedRoute {
  readonly method: string;
  /** As it was registered: `/threads/:thread_id`. */
  readonly url: string;
  readonly schema: FastifySchema;
  /** False for what no rate limits, such as probes and streams. */
  readonly isLimited: boolean;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
    readonly securitySchemes?: Readonly<Record<string, object>>;
  };
  readonly [part: string]: unknown;
}

const DESCRIPTION = `The LangGraph Server API for the graphs of \`langgraph.json\`, and the routes of NemOps itself.

A failure is one JSON object, \`application/problem+json\`, whose \`code\` says what it is and whose \`detail\` what to do about it;
a caller's fault is never 5xx. Bodies are read as JSON whatever their content type says. Times are ISO 8601 in UTC. The
request id of an answer is in \`x-request-id\`. Fields may be added to answers at any time.`;

/** The OpenAPI document of routes. Deterministic: the same routes give the same text. */
export function createDocument(
  routes: readonly DocumentedRoute[],
  { auth }: { readonly auth: DocumentedAuth | undefined },
): OpenApiDocument {
  const collector = createSchemaCollector();
  collector.add(z.object({ error: ErrorBody }), "output");
  const read = createOperationReader({ collector, auth });
  const readers = routes.map((route) => ({ route, finish: read(route) }));
  const schemas = collector.finish();
  const codes = new Set<ErrorCode>();
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const { route, finish } of readers) {
    const path = toPath(route.url);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: finish(schemas, codes) };
  }
  const tags = new Set(routes.flatMap(({ schema }) => schema.tags ?? []));
  return {
    openapi: "3.1.0",
    info: {
      title: "NemOps",
      version: VERSION,
      description: DESCRIPTION,
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The service that answered this document." }],
    security: [],
    tags: [
      ...Object.entries(TAGS).flatMap(([name, description]) => (tags.has(name) ? [{ name, description }] : [])),
      ...[...tags].filter((name) => !(name in TAGS)).map((name) => ({ name })),
    ],
    paths,
    components: {
      schemas,
      responses: {
        ...Object.fromEntries(
          byStatus(codes).flatMap(([, list]) => list.map((code) => [responseName(code), failureResponse([code])])),
        ),
        Failure: ANY_FAILURE,
      },
      ...(auth === undefined ? {} : { securitySchemes: securitySchemes(auth) }),
    },
  };
}

export function toPath(url: string): string {
  return url.replaceAll(/:(\w+)/g, "{$1}");
}
