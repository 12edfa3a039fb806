import { ServiceError, errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { AuthFilter } from "./filters.ts";
import { toRejection } from "./rejection.ts";
import type { AuthUser } from "./user.ts";

export type AuthResource = "threads" | "assistants" | "crons" | "store";
export type AuthEvent = `${AuthResource}:${string}`;

/** An `Auth` of the SDK as `langgraph.json` names it: who calls, and what they may do. */
export interface CustomAuth {
  /** Studio users are let in without `authenticate`, where the service is reached on this machine. */
  readonly hasStudioUsers: boolean;
  /** Throws AuthRejection. */
  authenticate(request: Request): Promise<AuthUser>;
  /**
   * Asks the handler of an event, which may change `value`. Undefined lets everything be seen. Throws `forbidden` or
   * AuthRejection.
   */
  authorize(event: AuthEvent, value: Record<string, unknown>, user: AuthUser): Promise<AuthFilter | undefined>;
}

type Handler = (request: unknown) => unknown;

export interface CustomAuthOptions {
  /** The export that `auth.path` names. */
  readonly auth: unknown;
  readonly isStudioDisabled: boolean;
  readonly log: Log;
}

/** Throws a plain error when the value is no `Auth`, or one without `authenticate`. */
export function createCustomAuth({ auth, isStudioDisabled, log }: CustomAuthOptions): CustomAuth {
  const { authenticate, callbacks } = readHandlers(auth);
  return {
    hasStudioUsers: !isStudioDisabled,
    async authenticate(request) {
      let given: unknown;
      try {
        given = await authenticate(request);
      } catch (error) {
        const rejection = toRejection(error);
        if (rejection !== undefined) throw rejection;
        // A handler that breaks must not let anybody in, and what it says may hold the token.
        log.warn({ reason: errorMessage(error).slice(0, 200) }, "authenticate of the auth block failed");
        throw new ServiceError("unauthorized", "authentication failed", { cause: error });
      }
      return toUser(given);
    },
    async authorize(event, value, user) {
      const [resource = "", action = ""] = event.split(":");
      // The most specific handler decides alone.
      const names = [event, resource, `*:${action}`, "*"];
      const name = names.find((candidate) => callbacks.has(candidate));
      const handler = name === undefined ? undefined : callbacks.get(name);
      if (handler === undefined) return undefined;
      let answer: unknown;
      try {
        answer = await handler({ event, resource, action, value, user, permissions: user.permissions });
      } catch (error) {
        throw toRejection(error) ?? error;
      }
      if (answer === false) throw new ServiceError("forbidden", `${user.identity} may not do ${event}`);
      if (answer === true || answer == null) return undefined;
      const filter = AuthFilter.safeParse(answer);
      // A filter that is not understood must not be taken for none.
      if (!filter.success) throw new Error(`the auth handler for "${name}" gave neither true, false nor a filter`);
      return filter.data;
    },
  };
}

function readHandlers(auth: unknown): { authenticate: Handler; callbacks: ReadonlyMap<string, Handler> } {
  // The SDK keeps the handlers in this field, and has done so in both of its lines.
  const cache = (auth as { "~handlerCache"?: { authenticate?: unknown; callbacks?: object } } | null)?.[
    "~handlerCache"
  ];
  if (typeof cache !== "object") throw new Error("it is not an Auth of @langchain/langgraph-sdk/auth");
  const { authenticate, callbacks = {} } = cache;
  if (typeof authenticate !== "function") throw new Error("it has no authenticate handler");
  const named = Object.entries(callbacks).filter((entry): entry is [string, Handler] => typeof entry[1] === "function");
  // Checked just above; what it is called with and gives is fixed by the SDK.
  return { authenticate: authenticate as Handler, callbacks: new Map(named) };
}

function toUser(given: unknown): AuthUser {
  if (typeof given === "string") return toUser({ identity: given });
  const fields: Readonly<Record<string, unknown>> = typeof given === "object" && given !== null ? { ...given } : {};
  const { identity, display_name: name, permissions, is_authenticated: isAuthenticated = true } = fields;
  if (typeof identity !== "string" || identity === "" || isAuthenticated === false) {
    throw new ServiceError("unauthorized", "the caller is not known");
  }
  return {
    ...fields,
    identity,
    display_name: typeof name === "string" ? name : identity,
    is_authenticated: true,
    permissions: Array.isArray(permissions) ? permissions.filter((item) => typeof item === "string") : [],
  };
}

/** How Studio's users are shown to handlers; `isStudioUser` of the SDK knows them by it. */
export const STUDIO_USER: AuthUser = {
  kind: "StudioUser",
  identity: "langgraph-studio-user",
  display_name: "LangGraph Studio",
  is_authenticated: true,
  permissions: [],
};
