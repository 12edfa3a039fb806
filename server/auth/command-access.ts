import type { Store } from "../store/store.ts";
import { type Access, currentAccess, withAccess } from "./access.ts";
import { commandRequests } from "./route-events.ts";
import { requireScope, scopeOfCommand } from "./scopes.ts";

export interface Command {
  readonly method: string;
  readonly params: unknown;
  readonly threadId: string;
}

/** Commands that start a run. */
const STARTING = new Set(["run.start", "input.respond", "input.inject", "state.fork"]);

/**
 * Does a command of the thread-centric protocol with the access it needs, on a socket as over HTTP. `access` is that of the
 * connection; without one nobody is asked. Throws what refuses it.
 */
export async function doWithAccess<Result>(
  access: Access | undefined,
  store: Store,
  { method, params: given, threadId }: Command,
  work: (params: unknown) => Promise<Result>,
): Promise<Result> {
  if (access === undefined) return work(given);
  const { caller, authorizer } = access;
  // What is no object is refused by the command itself.
  const params = typeof given === "object" && given !== null ? { ...(given as Record<string, unknown>) } : {};
  requireScope(caller, scopeOfCommand(method), method);
  const own = await authorizer.ask(caller, commandRequests(method, params, threadId));
  await authorizer.checkThread(own, threadId);
  if (STARTING.has(method)) {
    const thread = await store.threads.get(threadId);
    // Input for a thread that waits for an answer is taken for the answer.
    const isAnswer =
      method === "input.respond" ||
      (method === "run.start" &&
        thread?.status === "interrupted" &&
        params["command"] == null &&
        params["input"] != null);
    await authorizer.checkStart(caller, {
      ...params,
      assistant_id: params["assistant_id"] ?? thread?.metadata["assistant_id"],
      ...(isAnswer ? { command: { resume: true, update: params["update"], goto: params["goto"] } } : {}),
    });
  }
  return withAccess(own, () => work(params));
}

/**
 * Whether a reader of a thread may (still) see it, to be asked before the first event: a stream may be opened before its
 * thread exists, and somebody else may be the one who makes it. Undefined when everything is to be seen.
 */
export function createEventGate(threadId: string): (() => Promise<boolean>) | undefined {
  const access = currentAccess();
  if (access === undefined || (access.filters.threads ?? []).length === 0) return undefined;
  let isKnown = false;
  return async () => {
    isKnown ||= await access.authorizer.canSeeThread(access, threadId);
    return isKnown;
  };
}
