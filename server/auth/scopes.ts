import { ServiceError } from "../../lib/errors.ts";
import type { Caller, Scope } from "./user.ts";

/**
 * Which scope a route needs, in one table. By method first; a row `METHOD /route` says otherwise for one route.
 * `read` looks, `run` makes and changes, `approve` decides in a person's place, `admin` deletes and changes what others use.
 */
const BY_METHOD: Readonly<Record<string, Scope>> = {
  GET: "read",
  HEAD: "read",
  POST: "run",
  PUT: "run",
  PATCH: "run",
  DELETE: "admin",
};

const BY_ROUTE: Readonly<Record<string, Scope>> = {
  "POST /assistants/search": "read",
  "POST /assistants/count": "read",
  "POST /assistants/:assistant_id/versions": "read",
  "POST /threads/search": "read",
  "POST /threads/count": "read",
  "POST /threads/:thread_id/history": "read",
  "POST /threads/:thread_id/state/checkpoint": "read",
  "POST /threads/:thread_id/stream": "read",
  "POST /threads/:thread_id/stream/events": "read",
  "POST /store/items/search": "read",
  "POST /store/namespaces": "read",
  "POST /runs/crons/search": "read",
  "POST /runs/crons/count": "read",
  "POST /api/v1/incidents/search": "read",
  "POST /api/v1/datasets/:dataset_id/sql": "read",

  // Asked through an agent, a diagnostic waits for a decision; here nobody is asked.
  "POST /api/v1/gpu/diagnostics": "approve",

  // What everybody runs is changed, or history is lost.
  "PATCH /assistants/:assistant_id": "admin",
  "POST /assistants/:assistant_id/latest": "admin",
  "POST /threads/prune": "admin",
  "POST /internal/truncate": "admin",
  // A cron goes on starting runs when nobody looks, also when the key that made it is gone.
  "POST /runs/crons": "admin",
  "POST /threads/:thread_id/runs/crons": "admin",
  "PATCH /runs/crons/:cron_id": "admin",
  // The end of an MCP session is the caller's own.
  "DELETE /mcp/gpu-ops": "read",
  "DELETE /mcp/data-designer": "read",
};

/** What these need is decided by what they carry: the run, see scopesOfRun, or the command. */
const BY_BODY =
  /^POST (?:(?:\/threads\/:thread_id)?\/runs(?:\/stream|\/wait|\/batch)?|\/threads\/:thread_id\/commands)$/;

/** Commands of the thread-centric protocol. */
const COMMANDS: Readonly<Record<string, Scope>> = {
  "run.start": "run",
  "state.fork": "run",
  "input.inject": "run",
  "input.respond": "approve",
};

/** Scope of a route as it was registered; what is unknown is for administrators. Undefined when its body decides. */
export function scopeOfRoute(method: string, route: string): Scope | undefined {
  if (BY_BODY.test(`${method} ${route}`)) return undefined;
  return BY_ROUTE[`${method} ${route}`] ?? BY_METHOD[method] ?? "admin";
}

export function scopeOfCommand(method: string): Scope {
  return COMMANDS[method] ?? "read";
}

/** Throws `forbidden` when the caller has not got the scope. */
export function requireScope({ scopes, user }: Caller, scope: Scope, what: string): void {
  if (scopes === undefined || scopes.has(scope)) return;
  const held = [...scopes].join(", ") || "none";
  throw new ServiceError("forbidden", `${what} needs the scope "${scope}"; ${user.identity} has ${held}`);
}

/** What a run request says that may need more than `run`. */
export interface RunIntent {
  readonly command?: unknown;
  readonly context?: unknown;
  readonly config?: unknown;
}

/** Scopes that starting this run needs. `assistant` adds its own context and config, which the request is merged over. */
export function scopesOfRun(body: RunIntent, assistant: RunIntent | undefined): ReadonlySet<Scope> {
  const command = asObject(body.command);
  const isAnswer = command["resume"] != null;
  const isOnlyAnswer = isAnswer && command["update"] == null && command["goto"] == null;
  const needed = new Set<Scope>(isOnlyAnswer ? [] : ["run"]);
  if (isAnswer || isUnasked(body) || (assistant !== undefined && isUnasked(assistant))) needed.add("approve");
  return needed;
}

/** Whether approvals are given without asking; graphs read it from both places. */
function isUnasked({ context, config }: RunIntent): boolean {
  const places = [context, asObject(config)["configurable"]];
  return places.some((place) => asObject(place)["approvals"] === "auto");
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  // Any object can be read by key.
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
