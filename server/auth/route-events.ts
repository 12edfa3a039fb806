import { newUuid } from "../../lib/ids.ts";
import type { AccessRequest } from "./access.ts";
import type { AuthEvent } from "./custom-auth.ts";

type Fields = Record<string, unknown>;

/** The parts of a request that handlers are shown. They were checked by the route's schema. */
export interface RequestParts {
  readonly params: Readonly<Fields>;
  readonly query: Fields;
  readonly body: Fields;
}

type Rule = (parts: RequestParts) => readonly AccessRequest[];

/** An event that is about what the path names. */
const about =
  (event: AuthEvent): Rule =>
  ({ params }) => [{ event, value: { ...params } }];

/** An event about the body, with what the path names; what the handler changes is what the route gets. */
const changing =
  (event: AuthEvent, withDefaults: (body: Fields) => void = () => undefined): Rule =>
  ({ params, body }) => {
    withDefaults(body);
    const value = { ...body, ...params };
    return [{ event, value, apply: (changed) => takeOver(body, changed, Object.keys(params)) }];
  };

const creatingThread = changing("threads:create", (body) => {
  body["thread_id"] ??= newUuid();
});
const creatingRun: Rule = ({ params, body }) => [runRequest(body, params["thread_id"])];
const creatingCron: Rule = ({ params, body }) => {
  const { schedule, end_time, metadata, ...payload } = body;
  const value = { schedule, end_time, metadata, payload, ...params };
  const cron: AccessRequest = {
    event: "crons:create",
    value,
    apply: (changed) => {
      takeOver(body, changed, ["payload", ...Object.keys(params)]);
      if (isObject(changed["payload"])) takeOver(body, changed["payload"], ["schedule", "end_time", "metadata"]);
    },
  };
  // Its runs work on the thread, so it takes the same as starting one there.
  return params["thread_id"] === undefined ? [cron] : [cron, runRequest(body, params["thread_id"])];
};

/** An event of the store; the SDK calls the namespace `namespace` wherever it stands in the request. */
const ofStore =
  (event: AuthEvent, place: "body" | "query", field: string): Rule =>
  (parts) => {
    const source = parts[place];
    const given = source[field];
    const namespace = typeof given === "string" ? given.split(".").filter((label) => label !== "") : (given ?? []);
    const { [field]: _, ...rest } = source;
    const apply = (changed: Fields): void => {
      const { namespace: labels } = changed;
      takeOver(source, changed, ["namespace", field]);
      source[field] = typeof given === "string" && Array.isArray(labels) ? labels.join(".") : labels;
    };
    return [{ event, value: { ...rest, namespace }, apply }];
  };

const THREAD = "/threads/:thread_id";
const RUN = `${THREAD}/runs/:run_id`;
const ASSISTANT = "/assistants/:assistant_id";

/** What is asked of the handlers of a custom `Auth`, by route. Routes of these resources that are not here are refused. */
const RULES: Readonly<Record<string, Rule>> = {
  "POST /threads": creatingThread,
  "POST /threads/search": changing("threads:search"),
  "POST /threads/count": changing("threads:search"),
  "POST /threads/prune": (parts) =>
    about(parts.body["strategy"] === "keep_latest" ? "threads:update" : "threads:delete")({
      ...parts,
      params: { thread_ids: parts.body["thread_ids"] },
    }),
  [`GET ${THREAD}`]: about("threads:read"),
  [`PATCH ${THREAD}`]: changing("threads:update"),
  [`DELETE ${THREAD}`]: about("threads:delete"),
  // The copy is asked for apart, see copyRequest.
  [`POST ${THREAD}/copy`]: about("threads:read"),
  [`GET ${THREAD}/state`]: about("threads:read"),
  [`PATCH ${THREAD}/state`]: changing("threads:update"),
  [`POST ${THREAD}/state`]: changing("threads:update"),
  [`GET ${THREAD}/state/:checkpoint_id`]: about("threads:read"),
  [`POST ${THREAD}/state/checkpoint`]: about("threads:read"),
  [`GET ${THREAD}/history`]: about("threads:read"),
  [`POST ${THREAD}/history`]: about("threads:read"),
  [`GET ${THREAD}/stream`]: about("threads:read"),
  [`POST ${THREAD}/stream`]: about("threads:read"),
  [`GET ${THREAD}/stream/events`]: about("threads:read"),
  [`POST ${THREAD}/stream/events`]: about("threads:read"),
  // Each command asks for itself.
  [`POST ${THREAD}/commands`]: () => [],

  "POST /runs": creatingRun,
  "POST /runs/stream": creatingRun,
  "POST /runs/wait": creatingRun,
  // Every run of a batch asks for itself.
  "POST /runs/batch": () => [],
  "POST /runs/cancel": changing("threads:update"),
  "GET /runs/:run_id/stream": about("threads:read"),
  [`POST ${THREAD}/runs`]: creatingRun,
  [`POST ${THREAD}/runs/stream`]: creatingRun,
  [`POST ${THREAD}/runs/wait`]: creatingRun,
  [`GET ${THREAD}/runs`]: about("threads:read"),
  [`GET ${RUN}`]: about("threads:read"),
  [`GET ${RUN}/join`]: about("threads:read"),
  [`GET ${RUN}/stream`]: about("threads:read"),
  [`POST ${RUN}/cancel`]: about("threads:update"),
  [`DELETE ${RUN}`]: about("threads:delete"),

  "POST /assistants": changing("assistants:create", (body) => {
    body["assistant_id"] ??= newUuid();
  }),
  "POST /assistants/search": changing("assistants:search"),
  "POST /assistants/count": changing("assistants:search"),
  [`GET ${ASSISTANT}`]: about("assistants:read"),
  [`PATCH ${ASSISTANT}`]: changing("assistants:update"),
  [`DELETE ${ASSISTANT}`]: (parts) => [
    ...about("assistants:delete")(parts),
    ...(parts.query["delete_threads"] === true ? about("threads:delete")({ ...parts, params: {} }) : []),
  ],
  [`GET ${ASSISTANT}/graph`]: about("assistants:read"),
  [`GET ${ASSISTANT}/schemas`]: about("assistants:read"),
  [`GET ${ASSISTANT}/subgraphs`]: about("assistants:read"),
  [`GET ${ASSISTANT}/subgraphs/:namespace`]: about("assistants:read"),
  [`POST ${ASSISTANT}/versions`]: changing("assistants:read"),
  [`POST ${ASSISTANT}/latest`]: changing("assistants:update"),

  "POST /runs/crons": creatingCron,
  [`POST ${THREAD}/runs/crons`]: creatingCron,
  "PATCH /runs/crons/:cron_id": changing("crons:update"),
  "DELETE /runs/crons/:cron_id": about("crons:delete"),
  "POST /runs/crons/search": changing("crons:search"),
  "POST /runs/crons/count": changing("crons:search"),

  "PUT /store/items": ofStore("store:put", "body", "namespace"),
  "GET /store/items": ofStore("store:get", "query", "namespace"),
  "DELETE /store/items": ofStore("store:delete", "body", "namespace"),
  "POST /store/items/search": ofStore("store:search", "body", "namespace_prefix"),
  "POST /store/namespaces": ofStore("store:list_namespaces", "body", "prefix"),
};

/** Routes that start one run, whose body is a run request. */
const STARTS = /^POST (?:\/threads\/:thread_id)?\/runs(?:\/stream|\/wait|\/crons)?$/;

/** Whether a route belongs to the resources that handlers decide about. */
export function isGuardedRoute(route: string): boolean {
  return /^\/(?:threads|runs|assistants|store)(?:\/|$)/.test(route);
}

/** Undefined for a guarded route that has no rule. */
export function accessRequests(
  method: string,
  route: string,
  parts: RequestParts,
): readonly AccessRequest[] | undefined {
  const rule = RULES[`${method === "HEAD" ? "GET" : method} ${route}`];
  return rule === undefined && isGuardedRoute(route) ? undefined : (rule?.(parts) ?? []);
}

export function startsRun(method: string, route: string): boolean {
  return STARTS.test(`${method} ${route}`);
}

/** What starting a run shows to the handlers, on a thread or without one. */
export function runRequest(body: Fields, threadId: unknown): AccessRequest {
  const { assistant_id, metadata, multitask_strategy, if_not_exists, after_seconds, ...kwargs } = body;
  const options = { assistant_id, multitask_strategy, if_not_exists, after_seconds };
  return {
    event: "threads:create_run",
    value: { thread_id: threadId, status: "pending", metadata, ...options, kwargs },
    apply: (changed) => {
      takeOver(body, changed, ["thread_id", "status", "kwargs"]);
      if (isObject(changed["kwargs"])) takeOver(body, changed["kwargs"], []);
    },
  };
}

/** The new thread of a copy: what handlers put into its metadata goes over what it has from its source. */
export function copyRequest(method: string, route: string, stamp: Fields): readonly AccessRequest[] {
  if (`${method} ${route}` !== `POST ${THREAD}/copy`) return [];
  const apply = ({ metadata }: Fields): void => void (isObject(metadata) && Object.assign(stamp, metadata));
  return [{ event: "threads:create", value: { metadata: {} }, apply }];
}

/** A command of the thread-centric protocol; `params` are changed as bodies are. */
export function commandRequests(method: string, params: Fields, threadId: string): readonly AccessRequest[] {
  switch (method) {
    case "run.start":
    case "input.respond":
    case "input.inject":
    case "state.fork":
      return [runRequest(params, threadId)];
    default:
      return [{ event: "threads:read", value: { thread_id: threadId } }];
  }
}

function takeOver(target: Fields, changed: Readonly<Fields>, except: readonly string[]): void {
  for (const [key, value] of Object.entries(changed)) {
    if (!except.includes(key) && value !== undefined) target[key] = value;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
