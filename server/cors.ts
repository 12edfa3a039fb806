import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";

import { ServiceError } from "../lib/errors.ts";
import type { CorsBlock } from "./http-block.ts";

/** Headers browsers may read: the SDKs take the run id and the reconnect path from them. */
const EXPOSED = ["Content-Location", "Location", "X-Pagination-Total", "X-Pagination-Next", "X-Request-Id"];

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Whom browsers may call from: the block of `langgraph.json` goes before the setting. */
export function corsOrigins(block: CorsBlock | null | undefined, configured: readonly string[]): string[] {
  if (block?.allow_origins != null) return block.allow_origins;
  return block?.allow_origin_regex == null ? [...configured] : [];
}

/** Lets browsers call from `origins` (`*` for any) with whatever headers they ask for, unless `block` says otherwise. */
export async function registerCors(
  app: FastifyInstance,
  origins: readonly string[],
  block: CorsBlock = {},
): Promise<void> {
  // Chrome asks this before a public page (Studio) may reach a server on the user's own machine.
  app.addHook("onRequest", async (request, reply) => {
    if (request.method === "OPTIONS" && request.headers["access-control-request-private-network"] === "true") {
      reply.header("Access-Control-Allow-Private-Network", "true");
    }
  });
  const pattern = block.allow_origin_regex == null ? [] : [new RegExp(`^(?:${block.allow_origin_regex})$`)];
  const isAny = origins.includes("*");
  await app.register(cors, {
    origin: isAny ? "*" : [...origins, ...pattern],
    methods: block.allow_methods == null || block.allow_methods.includes("*") ? METHODS : block.allow_methods,
    exposedHeaders: [...new Set([...EXPOSED, ...(block.expose_headers ?? [])])],
    maxAge: block.max_age ?? 600,
    ...(block.allow_headers == null || block.allow_headers.includes("*")
      ? {}
      : { allowedHeaders: block.allow_headers }),
    // To any page whatever, credentials are never handed.
    credentials: block.allow_credentials === true && !isAny,
    // Answered below, because a request that is no preflight would get a text here and not the error of the service.
    preflightContinue: true,
    strictPreflight: false,
  });
  app.addHook("onRequest", async ({ method, headers }, reply) => {
    if (method !== "OPTIONS") return undefined;
    const missing = ["origin", "access-control-request-method"].filter((name) => headers[name] === undefined);
    if (missing.length > 0) {
      throw new ServiceError("bad_request", `OPTIONS asks what browsers may send, and needs ${missing.join(" and ")}`);
    }
    // Safari waits for a body unless it is told that there is none.
    return reply.code(204).header("content-length", "0").send();
  });
}
