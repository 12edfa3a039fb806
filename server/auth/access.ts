import { AsyncLocalStorage } from "node:async_hooks";

import { ServiceError } from "../../lib/errors.ts";
import type { Store } from "../store/store.ts";
import type { AuthEvent, AuthResource, CustomAuth } from "./custom-auth.ts";
import { type AuthFilter, isVisible } from "./filters.ts";
import { type RunIntent, requireScope, scopesOfRun } from "./scopes.ts";
import type { AuthUser, Caller } from "./user.ts";

/** What is asked of the handlers before a request is answered. */
export interface AccessRequest {
  readonly event: AuthEvent;
  /** Shown to the handler, which may change it; `apply` takes the changes over. */
  readonly value: Record<string, unknown>;
  readonly apply?: (value: Record<string, unknown>) => void;
}

/** What one request, or one command on a socket, may see. */
export interface Access {
  readonly caller: Caller;
  readonly filters: Readonly<Partial<Record<AuthResource, readonly AuthFilter[]>>>;
  /** Metadata that handlers gave to a thread that is copied from another. */
  readonly stamp: Readonly<Record<string, unknown>>;
  /** For what comes later on the same connection. */
  readonly authorizer: Authorizer;
}

const current = new AsyncLocalStorage<Access>();

/** Runs `work` so that the guarded store shows only what `access` allows. */
export function withAccess<Result>(access: Access, work: () => Result): Result {
  return current.run(access, work);
}

export function currentAccess(): Access | undefined {
  return current.getStore();
}

export interface Authorizer {
  /** Asks the handlers, all of them before anything is shown. Throws what they refuse with. */
  ask(caller: Caller, requests: readonly AccessRequest[], stamp?: Readonly<Record<string, unknown>>): Promise<Access>;
  /** Throws `thread_not_found` when there is a thread and it is not to be seen. */
  checkThread(access: Access, threadId: string): Promise<void>;
  /** Whether there is a thread and it is to be seen. */
  canSeeThread(access: Access, threadId: string): Promise<boolean>;
  /** Throws `run_not_found` when there is a run and neither its thread nor, without one, itself is to be seen. */
  checkRun(access: Access, runId: string): Promise<void>;
  /** Throws when the caller may not start this run: scopes of the built-in modes, else sight of the assistant. */
  checkStart(caller: Caller, body: RunIntent & { readonly assistant_id?: unknown }): Promise<void>;
}

export interface AuthorizerOptions {
  readonly custom: CustomAuth | undefined;
  /** Unguarded. */
  readonly store: Store;
  /** Gives the id of the assistant a caller names. */
  readonly toAssistantId: (idOrGraph: string) => string;
}

export function createAuthorizer({ custom, store, toAssistantId }: AuthorizerOptions): Authorizer {
  const ask: Authorizer["ask"] = async (caller, requests, stamp = {}) => {
    const filters: Partial<Record<AuthResource, AuthFilter[]>> = {};
    for (const { event, value, apply } of custom === undefined ? [] : requests) {
      const filter = await custom?.authorize(event, value, caller.user);
      apply?.(value);
      // An event's name begins with its resource.
      const resource = event.slice(0, event.indexOf(":")) as AuthResource;
      if (filter !== undefined) (filters[resource] ??= []).push(filter);
    }
    return { caller, filters, stamp, authorizer };
  };
  const checkThread: Authorizer["checkThread"] = async ({ filters }, threadId) => {
    const { threads = [] } = filters;
    if (threads.length === 0) return;
    const thread = await store.threads.get(threadId);
    if (thread === undefined || isVisible(thread.metadata, threads)) return;
    throw new ServiceError("thread_not_found", "Thread not found");
  };
  const authorizer: Authorizer = {
    ask,
    checkThread,
    async canSeeThread({ filters }, threadId) {
      const thread = await store.threads.get(threadId);
      return thread !== undefined && isVisible(thread.metadata, filters.threads ?? []);
    },
    async checkRun({ filters }, runId) {
      const { threads = [] } = filters;
      if (threads.length === 0) return;
      const run = await store.runs.get(runId);
      const owner = run === undefined ? undefined : ((await store.threads.get(run.threadId)) ?? run);
      if (owner !== undefined && isVisible(owner.metadata, threads)) return;
      throw new ServiceError("run_not_found", "Run not found");
    },
    async checkStart(caller, body) {
      const assistantId = typeof body.assistant_id === "string" ? toAssistantId(body.assistant_id) : undefined;
      const assistant = assistantId === undefined ? undefined : await store.assistants.get(assistantId);
      for (const scope of scopesOfRun(body, assistant)) requireScope(caller, scope, describeNeed(scope));
      // The assistants of the graphs are everybody's to run; others are their owner's.
      if (assistant === undefined || assistant.metadata["created_by"] === "system") return;
      const request = { event: "assistants:read", value: { assistant_id: assistantId } } as const;
      const { filters } = await ask(caller, [request]);
      if (isVisible(assistant.metadata, filters.assistants ?? [])) return;
      throw new ServiceError("assistant_not_found", "Assistant not found");
    },
  };
  return authorizer;
}

function describeNeed(scope: string): string {
  return scope === "approve" ? "resuming a run, or running it with approvals given beforehand," : "starting a run";
}

/** A run's config with what the graph is told about its caller; whatever the caller wrote there itself is replaced. */
export function withUser(
  config: { readonly configurable?: Readonly<Record<string, unknown>> | null | undefined } | null | undefined,
  { user }: Caller,
): { configurable: Record<string, unknown> } {
  return { ...config, configurable: { ...config?.configurable, ...userValues(user) } };
}

function userValues(user: AuthUser): Record<string, unknown> {
  return {
    langgraph_auth_user: user,
    langgraph_auth_user_id: user.identity,
    langgraph_auth_permissions: user.permissions,
  };
}
