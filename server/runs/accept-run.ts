import { ServiceError } from "../../lib/errors.ts";
import { newUuid } from "../../lib/ids.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { RunCreate } from "../schemas/run.ts";
import type { Assistant } from "../store/assistants.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Run, StopRequest } from "../store/runs.ts";
import type { StoreTables } from "../store/store.ts";
import { type Thread, type ThreadTtl, newThread } from "../store/threads.ts";
import { checkRun, prepareKwargs, threadConfig } from "./prepare-run.ts";

export interface RunRequest {
  readonly body: RunCreate;
  readonly assistant: Assistant;
  /** Absent for a stateless run. */
  readonly threadId?: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Started through the thread-centric protocol. */
  readonly isProtocol?: boolean;
  /** Written together with the run, or not at all; what it throws refuses the run. */
  readonly alongside?: (tables: StoreTables) => Promise<void>;
}

/** The run that a request asks for, before anybody has it. */
export function toRun(
  request: RunRequest,
  { graphs, nowMs }: { readonly graphs: GraphRegistry; readonly nowMs: number },
): Run {
  const { body, assistant, threadId } = request;
  const kwargs = prepareKwargs({
    ...request,
    isStateless: threadId === undefined,
    graphDefaults: graphs.defaults[assistant.graphId],
  });
  return {
    runId: newUuid(),
    threadId: threadId ?? newUuid(),
    assistantId: assistant.assistantId,
    status: "pending",
    metadata: { ...assistant.metadata, ...body.metadata },
    kwargs,
    multitaskStrategy: body.multitask_strategy ?? "reject",
    attempt: 0,
    isTemporary: kwargs.temporary,
    startAtMs: nowMs + Math.round((body.after_seconds ?? 0) * 1000),
    stopRequested: null,
    owner: null,
    followedBy: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** A run as it was stored, and the unfinished runs of its thread before it. */
export interface AcceptedRun {
  readonly run: Run;
  readonly inflight: readonly Run[];
}

export interface AcceptRunOptions {
  readonly graphs: GraphRegistry;
  /** Of a thread that comes with the run. */
  readonly threadTtl: ThreadTtl | null;
  /** This process. */
  readonly me: string;
  /** Who is to execute a run that comes after these of its thread; null for whoever claims it. */
  readonly ownerAfter: (inflight: readonly Run[]) => string | null;
}

/**
 * Stores the run, which is its place in the queue, and its thread, in the transaction of `tables`. Throws
 * `thread_not_found`, `thread_busy` or `invalid_input`.
 */
export async function acceptRun(
  tables: StoreTables,
  unowned: Run,
  { body, assistant, threadId }: RunRequest,
  { graphs, threadTtl, me, ownerAfter }: AcceptRunOptions,
): Promise<AcceptedRun> {
  // Whoever sent a run that is executed elsewhere follows it from here.
  const own = (inflight: readonly Run[]): Run => {
    const owner = ownerAfter(inflight);
    return { ...unowned, owner, followedBy: owner === null ? me : null };
  };
  const run = unowned;
  const origin = { graph_id: assistant.graphId, assistant_id: assistant.assistantId };
  const graph = graphs.static(assistant.graphId);
  const config = threadConfig(run.kwargs.config);
  const metadata = { ...body.metadata, ...origin };
  const fresh = { ...newThread(run.threadId, run.createdAtMs, metadata, config), ttl: threadTtl };
  if (threadId === undefined) {
    checkRun(body, { isNewThread: true, graph });
    if (!run.isTemporary) await tables.threads.insert({ ...fresh, status: "busy" });
    const owned = own([]);
    await tables.runs.insert(owned);
    return { run: owned, inflight: [] };
  }
  const existing = await tables.threads.get(threadId);
  if (existing === undefined && body.if_not_exists !== "create") {
    throw new ServiceError("thread_not_found", "Thread not found");
  }
  const thread: Thread = existing ?? fresh;
  checkRun(body, { thread, isNewThread: existing === undefined, graph });
  const inflight = existing === undefined ? [] : await tables.runs.unfinishedOfThread(threadId);
  if (inflight.length > 0 && run.multitaskStrategy === "reject") {
    throw new ServiceError(
      "thread_busy",
      "Thread is already running a task. Wait for it to finish or choose a different multitask strategy.",
    );
  }
  if (existing === undefined) await tables.threads.insert({ ...fresh, status: "busy" });
  else {
    const isKnown = thread.metadata["graph_id"] === origin.graph_id && thread.metadata["assistant_id"] !== undefined;
    if (!isKnown || JSON.stringify(thread.config) !== JSON.stringify(config)) {
      await tables.threads.setMetadata(threadId, { ...thread.metadata, ...origin }, config, run.createdAtMs);
    }
    await tables.threads.setStatus(threadId, "busy", run.createdAtMs);
  }
  const owned = own(inflight);
  await tables.runs.insert(owned);
  const request = stopRequestOf(run.multitaskStrategy);
  if (request !== undefined) for (const { runId } of inflight) await tables.runs.requestStop(runId, request);
  return { run: owned, inflight };
}

/** What a run with this strategy does to the unfinished runs of its thread. */
export function stopRequestOf(strategy: Run["multitaskStrategy"]): StopRequest | undefined {
  if (strategy === "rollback") return "rollback";
  return strategy === "interrupt" ? "cancel" : undefined;
}

/** Throws `checkpoint_not_found` when the run is to start from a checkpoint that its thread does not have. */
export async function checkCheckpoint({ saver }: Checkpointer, run: Run): Promise<void> {
  const { checkpoint_id: id, checkpoint_ns: ns } = run.kwargs.config.configurable;
  if (typeof id !== "string") return;
  const configurable = { thread_id: run.threadId, checkpoint_ns: typeof ns === "string" ? ns : "", checkpoint_id: id };
  if ((await saver.getTuple({ configurable })) === undefined) {
    throw new ServiceError("checkpoint_not_found", `Checkpoint not found: thread ${run.threadId} has no ${id}`);
  }
}
