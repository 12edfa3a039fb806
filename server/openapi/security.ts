import { scopeOfRoute } from "../auth/scopes.ts";
import type { SecurityRequirement } from "./types.ts";

/** How callers say who they are: not at all, with keys, with signed tokens, or as a handler of one's own wants it. */
export interface DocumentedAuth {
  readonly hasKeys: boolean;
  readonly hasTokens: boolean;
  readonly isCustom: boolean;
  readonly isOpenRoute: (route: string) => boolean;
}

/** The schemes a caller may choose from; empty when nobody is asked. */
export function securitySchemes(auth: DocumentedAuth | undefined): Readonly<Record<string, object>> {
  if (auth === undefined) return {};
  const { hasKeys, hasTokens, isCustom } = auth;
  const description = isCustom
    ? "What the `auth` of `langgraph.json` reads; it may want other headers, too."
    : "A key with the scopes it was given: `read`, `run`, `approve`, `admin`. None includes another.";
  return {
    ...(hasKeys || isCustom ? { apiKey: { type: "apiKey", in: "header", name: "x-api-key", description } } : {}),
    bearer: {
      type: "http",
      scheme: "bearer",
      ...(hasTokens && !hasKeys ? { bearerFormat: "JWT" } : {}),
      description: isCustom
        ? description
        : [
            ...(hasKeys ? ["The same key."] : []),
            ...(hasTokens ? ["A signed token (JWT), whose claims say which scopes it has."] : []),
          ].join(" "),
    },
  };
}

export interface RouteSecurity {
  readonly security: readonly SecurityRequirement[];
  /** What the requirements cannot say. */
  readonly note?: string;
}

/** What a route asks of its callers; scopes stand in the requirements as roles. */
export function securityOf(auth: DocumentedAuth | undefined, method: string, route: string): RouteSecurity | undefined {
  if (auth === undefined) return undefined;
  if (auth.isOpenRoute(route)) return { security: [] };
  const scope = auth.isCustom ? undefined : scopeOfRoute(method, route);
  const roles = scope === undefined ? [] : [scope];
  const security = Object.keys(securitySchemes(auth)).map((name) => ({ [name]: roles }));
  if (auth.isCustom) return { security };
  if (scope !== undefined) return { security, note: `Needs the scope \`${scope}\`.` };
  return {
    security,
    note: route.endsWith("/commands")
      ? "The scope depends on the method: `read` to look, `run` to start or inject, `approve` to respond."
      : "Needs the scope `run`; answering an interrupt, or a run that approves without asking, needs `approve`.",
  };
}
