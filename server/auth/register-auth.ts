import type { FastifyInstance, FastifyRequest } from "fastify";

import { ServiceError } from "../../lib/errors.ts";
import { type Access, type Authorizer, withAccess, withUser } from "./access.ts";
import type { Authenticate } from "./authenticate.ts";
import { accessRequests, copyRequest, runRequest, startsRun } from "./route-events.ts";
import { requireScope, scopeOfRoute } from "./scopes.ts";
import type { Caller } from "./user.ts";

/** Routes that answer anybody: probes, and what front ends ask before they have a key. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/ok", "/livez", "/readyz", "/info"]);

export interface RegisterAuthOptions {
  readonly authenticate: Authenticate;
  readonly authorizer: Authorizer;
  /** Whether a route needs no caller, besides the probes. */
  readonly isOpenRoute?: (route: string) => boolean;
}

type Fields = Record<string, unknown>;

/**
 * Asks every request but the open ones who sends it, whether the scopes allow the route, and, with a custom `Auth`, what the
 * handlers make of it. The route then runs with that access, which the guarded store and the commands of sockets look at.
 */
export function registerAuth(app: FastifyInstance, options: RegisterAuthOptions): void {
  const { authenticate, authorizer, isOpenRoute = () => false } = options;
  const callers = new WeakMap<FastifyRequest, Caller>();

  app.addHook("onRequest", async (request) => {
    const route = request.routeOptions.url;
    if (request.method === "OPTIONS" || OPEN_PATHS.has(pathOf(request))) return;
    if (route !== undefined && isOpenRoute(route)) return;
    const caller = await authenticate(request);
    callers.set(request, caller);
    // Without a route there is nothing to protect: the answer is 404.
    const scope = route === undefined ? undefined : scopeOfRoute(request.method, route);
    if (scope !== undefined) requireScope(caller, scope, `${request.method} ${route}`);
  });

  const decide = async (request: FastifyRequest, caller: Caller): Promise<Access> => {
    const route = request.routeOptions.url ?? "";
    const { method } = request;
    const parts = { params: toFields(request.params), query: toFields(request.query), body: toFields(request.body) };
    const requests = accessRequests(method, route, parts);
    if (requests === undefined && caller.scopes === undefined) {
      throw new ServiceError("forbidden", `no rule says who may ${method} ${route}`);
    }
    const batch = route === "/runs/batch" && Array.isArray(request.body) ? request.body.map(toFields) : [];
    for (const body of startsRun(method, route) ? [parts.body] : batch) await authorizer.checkStart(caller, body);
    const stamp: Fields = {};
    const access = await authorizer.ask(
      caller,
      [...(requests ?? []), ...batch.map((body) => runRequest(body, undefined)), ...copyRequest(method, route, stamp)],
      stamp,
    );
    // The stored request of a cron is sent when nobody is there to be asked.
    if (route.endsWith("/crons")) parts.body["config"] = withUser(toFields(parts.body["config"]), caller);
    const { thread_id: threadId, run_id: runId } = parts.params;
    if (typeof threadId === "string") await authorizer.checkThread(access, threadId);
    else if (typeof runId === "string") await authorizer.checkRun(access, runId);
    return access;
  };

  // With a callback: what follows has to run inside of it to find the access.
  app.addHook("preHandler", (request, _reply, done) => {
    const caller = callers.get(request);
    if (caller === undefined) {
      done();
      return;
    }
    // oxlint-disable-next-line promise/no-callback-in-promise
    const refuse = (error: unknown): void => done(error instanceof Error ? error : new Error(String(error)));
    decide(request, caller).then((access) => withAccess(access, done), refuse);
  });
}

function toFields(value: unknown): Fields {
  // Any object can be read by key; the schemas of the routes have checked what is in it.
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function pathOf({ url }: FastifyRequest): string {
  return url.split("?", 1)[0] ?? url;
}
