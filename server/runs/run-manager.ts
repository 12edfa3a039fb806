import type { Clock } from "../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import { newUuid } from "../../lib/ids.ts";
import type { Log } from "../../lib/log.ts";
import type { ServedGraph } from "../graph-loader.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Run } from "../store/runs.ts";
import type { Store, StoreTables } from "../store/store.ts";
import type { ThreadOutcome } from "../store/threads.ts";
import { serialize } from "../wire/serialize.ts";
import { type RunRequest, acceptRun, checkCheckpoint } from "./accept-run.ts";
import type { BoundGraphs } from "./bound-graphs.ts";
import { createEventLog } from "./event-log.ts";
import { executeRun } from "./execute-run.ts";
import { type LiveRun, type RunResult, type StopReason, createLiveRuns } from "./live-runs.ts";
import { prepareKwargs } from "./prepare-run.ts";
import { type QueuedJob, type RunQueue, createRunQueue } from "./run-queue.ts";
import { nextStatus } from "./run-status.ts";
import type { RunTap, TapRun } from "./run-tap.ts";
import { isThreadBusy, readSnapshot, settleRun } from "./settle-run.ts";
import type { WebhookSender } from "./webhook.ts";

export interface RunObserver {
  onRunEnd(end: { graphId: string; status: string; durationMs: number }): void;
}

export interface RunManagerOptions {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  readonly graphs: GraphRegistry;
  readonly bound: BoundGraphs;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxConcurrentRuns: number;
  readonly runTimeoutMs: number;
  readonly observer: RunObserver;
  readonly webhooks: WebhookSender;
  readonly tapRun?: TapRun;
}

export interface RunManager {
  /**
   * Accepts a run: checks it, stores it and queues it. Throws `thread_not_found`, `thread_busy`, `checkpoint_not_found`,
   * `invalid_input` or `unavailable` (while the server stops), and then nothing was stored.
   */
  create(request: RunRequest): Promise<LiveRun>;
  /** A run that this process executes or executed a short while ago. */
  find(runId: string): LiveRun | undefined;
  /** Runs of a thread that this process executes or lately executed, in the order of acceptance. */
  ofThread(threadId: string): readonly LiveRun[];
  /** Stops a run that has not ended and waits until it has. A run that ended already is left as it is. */
  stop(runId: string, reason: "cancel" | "rollback"): Promise<void>;
  stopThread(threadId: string): Promise<void>;
  /** Settles what a former process left: queued runs are queued again, running ones end as `error`. */
  recover(): Promise<void>;
  /** Refuses new runs, lets the running ones go on for `limitMs`, then stops them. Queued ones stay for the next start. */
  shutdown(limitMs: number): Promise<void>;
  readonly queue: Pick<RunQueue, "depth" | "runningCount">;
}

/** Timers of Node that are longer fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createRunManager(options: RunManagerOptions): RunManager {
  const { store, checkpointer, graphs, bound, clock, log, observer, webhooks } = options;
  const queue = createRunQueue({ limit: options.maxConcurrentRuns });
  const runs = createLiveRuns();
  const jobs = new Map<string, QueuedJob>();
  let isStopping = false;

  const finish = async (live: LiveRun, outcome: Parameters<typeof settleRun>[1], tap?: RunTap): Promise<void> => {
    let result: RunResult;
    try {
      result = await settleRun(live, outcome, { store, checkpointer, bound, clock });
    } catch (error) {
      // The run has ended but could not be stored: readers must hear of it and must not wait for ever.
      log.error({ run_id: live.run.runId, thread_id: live.run.threadId, err: error }, "run outcome not stored");
      const failure = { error: "StorageError", message: errorMessage(error) };
      live.status = "error";
      result = { status: "error", body: serialize({ __error__: failure }) };
      live.log.append("error", serialize(failure));
    }
    jobs.delete(live.run.runId);
    await tap?.onEnd(result);
    live.log.end();
    live.settle(result);
    runs.retire(live, { isReachable: live.stopReason !== "rollback" });
    const durationMs = clock.now() - live.startedAtMs;
    observer.onRunEnd({ graphId: live.graphId, status: result.status, durationMs });
    log.info(
      {
        run_id: live.run.runId,
        thread_id: live.run.threadId,
        graph_id: live.graphId,
        status: result.status,
        duration_ms: durationMs,
      },
      "run end",
    );
    webhooks.send(live, result);
  };

  const execute = async (live: LiveRun): Promise<void> => {
    const ended = new AbortController();
    clock
      .sleep(options.runTimeoutMs, ended.signal)
      .then(() => stopNow(live, "timeout"))
      .catch(() => undefined); // The run ended in time.
    let tap: RunTap | undefined;
    try {
      live.status = nextStatus(live.status, "start");
      live.startedAtMs = clock.now();
      await store.runs.setStatus(live.run.runId, live.status, live.run.attempt, clock.now());
      const { kwargs } = live.run;
      const config = { ...kwargs.config };
      const graph = await (kwargs.temporary
        ? bound.forTemporary(live.graphId, config)
        : bound.forThread(live.graphId, config));
      tap = kwargs.temporary ? undefined : options.tapRun?.(live, graph);
      const outcome = await executeRun({
        run: live.run,
        graphId: live.graphId,
        graph,
        log: live.log,
        signal: live.abort.signal,
        tap,
      });
      await finish(live, { ...outcome, graph }, tap);
    } catch (error) {
      log.error({ run_id: live.run.runId, graph_id: live.graphId, err: error }, "run could not be executed");
      const failure = { error: error instanceof Error ? error.name : "Error", message: errorMessage(error) };
      await finish(live, { event: "fail", stateJson: undefined, interrupts: [], error: failure }, tap);
    } finally {
      ended.abort(new Error("the run has ended"));
    }
  };

  const enqueue = (live: LiveRun): void => {
    jobs.set(
      live.run.runId,
      queue.add(live.run.threadId, () => execute(live)),
    );
  };

  const launch = (run: Run, graphId: string): LiveRun => {
    const live = createLiveRun(run, graphId);
    runs.add(live);
    if (isStopping) postpone(live);
    else if (run.startAtMs <= clock.now()) enqueue(live);
    else {
      sleepUntil(run.startAtMs, live.abort.signal)
        .then(() => enqueue(live))
        .catch(() => undefined); // Stopped while it waited: `stopNow` settles it.
    }
    return live;
  };

  const sleepUntil = async (timeMs: number, signal: AbortSignal): Promise<void> => {
    for (let leftMs = timeMs - clock.now(); leftMs > 0; leftMs = timeMs - clock.now()) {
      await clock.sleep(Math.min(leftMs, MAX_TIMER_MS), signal);
    }
  };

  /** Leaves a run that has not started to the next process and lets go of those who wait for it here. */
  const postpone = (live: LiveRun): void => {
    live.stopReason = "shutdown";
    jobs.get(live.run.runId)?.remove();
    jobs.delete(live.run.runId);
    live.abort.abort(new Error("run stopped: shutdown"));
    const failure = serialize({
      error: "ServerStopping",
      message: "the run is kept and starts when the server is back",
    });
    live.log.append("error", failure);
    live.log.end();
    live.settle({ status: live.status, body: `{"__error__":${failure}}` });
    runs.remove(live.run.runId);
  };

  /** The graph of a run that a dead process left; undefined when it is not served any more or cannot be made. */
  const loadQuietly = async (graphId: string, { kwargs }: Run): Promise<ServedGraph | undefined> =>
    graphs.has(graphId) ? bound.forThread(graphId, { ...kwargs.config }).catch(() => undefined) : undefined;

  const stopNow = (live: LiveRun, reason: StopReason): void => {
    if (live.stopReason !== undefined || live.log.isEnded) return;
    live.stopReason = reason;
    const job = jobs.get(live.run.runId);
    const isWaiting = job === undefined ? live.status === "pending" : job.remove();
    live.abort.abort(new Error(`run stopped: ${reason}`));
    if (isWaiting) void finish(live, { event: "stop", stateJson: undefined, interrupts: [] });
  };

  return {
    queue,
    find: (runId) => runs.get(runId),
    ofThread: (threadId) => runs.ofThread(threadId),
    async create(request) {
      if (isStopping) throw new ServiceError("unavailable", "the server is stopping; send the run again in a moment");
      const { body, assistant, threadId } = request;
      const nowMs = clock.now();
      const kwargs = prepareKwargs({
        ...request,
        isStateless: threadId === undefined,
        graphDefaults: graphs.defaults[assistant.graphId],
      });
      const run: Run = {
        runId: newUuid(),
        threadId: threadId ?? newUuid(),
        assistantId: assistant.assistantId,
        status: "pending",
        metadata: { ...assistant.metadata, ...body.metadata },
        kwargs,
        multitaskStrategy: body.multitask_strategy ?? "reject",
        attempt: 1,
        isTemporary: kwargs.temporary,
        startAtMs: nowMs + Math.round((body.after_seconds ?? 0) * 1000),
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      };
      if (kwargs.webhook !== null) webhooks.check(kwargs.webhook);
      if (threadId !== undefined) await checkCheckpoint(checkpointer, run);
      // A stateless run alone is one row, which needs no transaction.
      const inflight =
        run.isTemporary && request.alongside === undefined
          ? await acceptRun(store, run, request, graphs)
          : await store.transaction(async (tables) => {
              await request.alongside?.(tables);
              return acceptRun(tables, run, request, graphs);
            });
      if (run.multitaskStrategy === "interrupt" || run.multitaskStrategy === "rollback") {
        const reason = run.multitaskStrategy === "rollback" ? "rollback" : "cancel";
        for (const other of inflight) {
          const live = runs.get(other.runId);
          if (live !== undefined) stopNow(live, reason);
        }
      }
      return launch(run, assistant.graphId);
    },
    async stop(runId, reason) {
      const live = runs.get(runId);
      if (live === undefined) return;
      stopNow(live, reason);
      await live.settled;
    },
    async stopThread(threadId) {
      const ofThread = runs.unfinished().filter((live) => live.run.threadId === threadId);
      for (const live of ofThread) stopNow(live, "cancel");
      await Promise.all(ofThread.map((live) => live.settled));
    },
    async recover() {
      for (const run of await store.runs.unfinished()) {
        const assistant = await store.assistants.get(run.assistantId);
        const canRun = run.status === "pending" && assistant !== undefined && graphs.has(assistant.graphId);
        if (canRun) {
          launch(run, assistant.graphId);
          continue;
        }
        const graph =
          assistant === undefined || run.isTemporary ? undefined : await loadQuietly(assistant.graphId, run);
        const snapshot = graph === undefined ? {} : await readSnapshot(run.threadId, graph);
        await store.transaction((tables) => abandon(tables, run, snapshot, clock.now()));
        if (run.isTemporary) await bound.forget(run.threadId);
        log.warn({ run_id: run.runId, thread_id: run.threadId }, "run of a former process ended as error");
      }
    },
    async shutdown(limitMs) {
      isStopping = true;
      for (const live of runs.unfinished()) if (live.status === "pending") postpone(live);
      const running = runs.unfinished().filter((live) => live.status === "running");
      const deadline = new AbortController();
      await Promise.race([
        Promise.all(running.map((live) => live.settled)),
        clock.sleep(limitMs, deadline.signal).catch(() => undefined),
      ]);
      deadline.abort(new Error("all runs have ended"));
      for (const live of running) stopNow(live, "shutdown");
      await Promise.all(running.map((live) => live.settled));
      runs.close();
      webhooks.close();
    },
  };
}

function createLiveRun(run: Run, graphId: string): LiveRun {
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const eventLog = createEventLog();
  eventLog.append(
    "metadata",
    serialize({ run_id: run.runId, thread_id: run.threadId, attempt: Math.max(run.attempt, 1) }),
  );
  return {
    run,
    graphId,
    status: run.status,
    startedAtMs: run.createdAtMs,
    log: eventLog,
    abort: new AbortController(),
    stopReason: undefined,
    settled: promise,
    settle: resolve,
  };
}

async function abandon(
  tables: StoreTables,
  run: Run,
  snapshot: Pick<ThreadOutcome, "valuesJson" | "interrupts">,
  nowMs: number,
): Promise<void> {
  if (run.isTemporary) {
    await tables.runs.delete(run.runId);
    return;
  }
  await tables.runs.setStatus(run.runId, nextStatus(run.status, "abandon"), run.attempt, nowMs);
  const error = { error: "ServerStopped", message: "the server stopped while it executed the run" };
  const status = (await isThreadBusy(tables, run.threadId, run.runId)) ? "busy" : "error";
  await tables.threads.setOutcome(run.threadId, { ...snapshot, status, error }, nowMs);
}
