import type { FastifyInstance } from "fastify";

import { ServiceError } from "../lib/errors.ts";
import type { HttpBlock } from "./http-block.ts";

/** Which routes each switch of the `http` block takes away. Liveness and readiness stay: something else watches them. */
const SWITCHES: readonly (readonly [name: keyof HttpBlock, routes: RegExp])[] = [
  ["disable_assistants", /^\/assistants(?:\/|$)/],
  ["disable_runs", /^\/runs(?:\/|$)|^\/threads\/:thread_id\/(?:runs|commands|stream)(?:\/|$)/],
  ["disable_threads", /^\/threads(?:\/|$)/],
  ["disable_store", /^\/store(?:\/|$)/],
  ["disable_mcp", /^\/mcp(?:\/|$)/],
  ["disable_a2a", /^\/a2a(?:\/|$)/],
  ["disable_meta", /^\/(?:ok|info|metrics|docs|openapi\.json)(?:\/|$)/],
];

/** Makes the routes that are switched off answer as if they did not exist, and leaves them out of the documents. */
export function disableRoutes(app: FastifyInstance, http: HttpBlock): void {
  const patterns = SWITCHES.filter(([name]) => http[name] === true).map(([, pattern]) => pattern);
  const isDisabled = (route: string): boolean => patterns.some((pattern) => pattern.test(route));
  if (patterns.length === 0) return;
  app.addHook("onRoute", (route) => {
    if (isDisabled(route.url)) route.schema = { ...route.schema, hide: true };
  });
  app.addHook("onRequest", async (request) => {
    const route = request.routeOptions.url;
    if (route === undefined || !isDisabled(route)) return;
    throw new ServiceError("not_found", `no route ${request.method} ${request.url.split("?", 1)[0] ?? ""}`);
  });
}
