import type { Clock } from "../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import { newUuid } from "../../lib/ids.ts";
import type { Log } from "../../lib/log.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Run, StopRequest } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { serialize } from "../wire/serialize.ts";
import { type RunRequest, acceptRun, checkCheckpoint, stopRequestOf } from "./accept-run.ts";
import type { BoundGraphs } from "./bound-graphs.ts";
import type { EventLog } from "./event-log.ts";
import { executeRest } from "./execute-rest.ts";
import { type RunObserver, STOPPED, createFinisher, failedOutcome } from "./finish-run.ts";
import { type LiveRun, type StopReason, createLiveRuns } from "./live-runs.ts";
import { openRun, restoreLog } from "./open-run.ts";
import { prepareKwargs } from "./prepare-run.ts";
import { recoverRuns } from "./recover-runs.ts";
import { type QueuedJob, type RunQueue, createRunQueue } from "./run-queue.ts";
import { nextStatus } from "./run-status.ts";
import type { RunTap, TapRun } from "./run-tap.ts";
import { createWebhookOutbox } from "./webhook-outbox.ts";
import type { WebhookSender } from "./webhook.ts";

export interface RunManagerOptions {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  readonly graphs: GraphRegistry;
  readonly bound: BoundGraphs;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxConcurrentRuns: number;
  readonly runTimeoutMs: number;
  /** Without the right to execute runs none are accepted or taken up. */
  readonly executesRuns: boolean;
  /** How often a run is started that its process does not survive, before it ends as `error`. */
  readonly maxAttempts: number;
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
  /** The stored events of a run that has ended; undefined when none are kept. */
  findEvents(runId: string): Promise<EventLog | undefined>;
  /** Asks a run that has not ended to stop. Resolves when the request is stored, which outlives this process. */
  requestStop(runId: string, reason: StopRequest): Promise<LiveRun | undefined>;
  /** Stops a run that has not ended and waits until it has. A run that ended already is left as it is. */
  stop(runId: string, reason: StopRequest): Promise<void>;
  stopThread(threadId: string): Promise<void>;
  /** Takes up what a former process left: every unfinished run goes on, from its last checkpoint when it has one. */
  recover(): Promise<void>;
  /** Refuses new runs and lets the running ones go on for `limitMs`. What has not ended by then is left to the next start. */
  shutdown(limitMs: number): Promise<void>;
  readonly queue: Pick<RunQueue, "depth" | "runningCount">;
}

/** Timers of Node that are longer fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const ELSEWHERE =
  "another NemOps process executes the runs of this database, so this one only reads; send the run to that one";

export function createRunManager(options: RunManagerOptions): RunManager {
  const { store, checkpointer, graphs, bound, clock, log, observer, webhooks } = options;
  const queue = createRunQueue({ limit: options.maxConcurrentRuns });
  const runs = createLiveRuns({
    onExpire: (runId) => {
      store.runEvents
        .delete(runId)
        .catch((error: unknown) => log.warn({ run_id: runId, err: error }, "events not freed"));
    },
  });
  const closing = new AbortController();
  const jobs = new Map<string, QueuedJob>();
  let isStopping = false;

  const outbox = createWebhookOutbox({ store: store.runWebhooks, sender: webhooks, clock, log });
  const finish = createFinisher({ store, checkpointer, bound, clock, log, observer, outbox, runs });

  const execute = async (live: LiveRun): Promise<void> => {
    const { run } = live;
    const ended = new AbortController();
    clock
      .sleep(options.runTimeoutMs, ended.signal)
      .then(() => stopNow(live, "timeout"))
      .catch(() => undefined); // The run ended in time.
    const openGate = run.kwargs.resumable ? bound.gate(run.runId, () => live.writer.flush()) : undefined;
    let tap: RunTap | undefined;
    try {
      live.status = nextStatus(live.status, "start");
      live.startedAtMs = clock.now();
      await store.runs.setStatus(run.runId, live.status, run.attempt + 1, clock.now());
      const graph = await bound.forRun(live.graphId, run.kwargs);
      tap = run.isTemporary ? undefined : options.tapRun?.(live, graph);
      const outcome = await executeRest(live, graph, { store, saver: checkpointer.saver, tap });
      jobs.delete(run.runId);
      if (live.stopReason === "shutdown") await handOver(live);
      else await finish(live, { ...outcome, graph }, tap);
    } catch (error) {
      log.error({ run_id: run.runId, graph_id: live.graphId, err: error }, "run could not be executed");
      await finish(live, failedOutcome(error instanceof Error ? error.name : "Error", errorMessage(error)), tap);
    } finally {
      jobs.delete(run.runId);
      openGate?.();
      ended.abort(new Error("the run has ended"));
    }
  };

  const enqueue = (live: LiveRun): void => {
    jobs.set(
      live.run.runId,
      queue.add(live.run.threadId, () => execute(live)),
    );
  };

  const schedule = (live: LiveRun): void => {
    const { startAtMs } = live.run;
    if (isStopping) postpone(live);
    else if (startAtMs <= clock.now()) enqueue(live);
    else {
      sleepUntil(startAtMs, live.abort.signal)
        .then(() => enqueue(live))
        .catch(() => undefined); // Stopped while it waited: `stopNow` settles it.
    }
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
    leave(live);
  };

  /** A run that was stopped with the process waits again, for the next one to go on from its last checkpoint. */
  const handOver = async (live: LiveRun): Promise<void> => {
    await live.writer.flush();
    live.status = nextStatus(live.status, "postpone");
    const fields = { run_id: live.run.runId, thread_id: live.run.threadId };
    try {
      // The attempt does not count: it was not the run's fault that it ended.
      await store.runs.setStatus(live.run.runId, live.status, live.run.attempt, clock.now());
      log.info(fields, "run is left to the next start");
    } catch (error) {
      log.warn({ ...fields, err: error }, "run stays marked as running; the next start goes on with it");
    }
    leave(live);
  };

  /** What is said here is about this process, so it is no event of the run. */
  const leave = (live: LiveRun): void => {
    const failure = serialize({
      error: "ServerStopping",
      message: "the run is kept and goes on when the server is back",
    });
    live.log.end(`event: error\ndata: ${failure}\n\n`);
    live.settle({ status: live.status, body: `{"__error__":${failure}}` });
    runs.remove(live.run.runId);
  };

  const requestStop = async (runId: string, reason: StopRequest): Promise<LiveRun | undefined> => {
    const live = runs.get(runId);
    if (live === undefined || live.stopReason !== undefined || live.log.isEnded) return live;
    try {
      await store.runs.requestStop(runId, reason);
    } catch (error) {
      log.warn({ run_id: runId, err: error }, "request to stop a run not stored; it holds for this process");
    }
    stopNow(live, reason);
    return live;
  };

  const stopNow = (live: LiveRun, reason: StopReason): void => {
    if (live.stopReason !== undefined || live.log.isEnded) return;
    live.stopReason = reason;
    const job = jobs.get(live.run.runId);
    const isWaiting = job === undefined ? live.status === "pending" : job.remove();
    live.abort.abort(new Error(`run stopped: ${reason}`));
    if (!isWaiting) return;
    jobs.delete(live.run.runId);
    void finish(live, STOPPED);
  };

  return {
    queue,
    find: (runId) => runs.get(runId),
    ofThread: (threadId) => runs.ofThread(threadId),
    async create(request) {
      if (isStopping) throw new ServiceError("unavailable", "the server is stopping; send the run again in a moment");
      if (!options.executesRuns) throw new ServiceError("unavailable", ELSEWHERE);
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
        attempt: 0,
        isTemporary: kwargs.temporary,
        startAtMs: nowMs + Math.round((body.after_seconds ?? 0) * 1000),
        stopRequested: null,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      };
      if (kwargs.webhook !== null) webhooks.check(kwargs.webhook);
      if (threadId !== undefined) await checkCheckpoint(checkpointer, run);
      // A stateless run alone is one row, which needs no transaction.
      const inflight =
        run.isTemporary && request.alongside === undefined
          ? await acceptRun(store, run, request, graphs)
          : await store.transaction(
              async (tables) => {
                await request.alongside?.(tables);
                return acceptRun(tables, run, request, graphs);
              },
              { lock: run.threadId },
            );
      const reason = stopRequestOf(run.multitaskStrategy);
      for (const other of reason === undefined ? [] : inflight) {
        const live = runs.get(other.runId);
        if (live !== undefined && reason !== undefined) stopNow(live, reason);
      }
      const live = openRun({ run, graphId: assistant.graphId, runs, events: store.runEvents, clock, log });
      schedule(live);
      return live;
    },
    requestStop,
    async stop(runId, reason) {
      const live = await requestStop(runId, reason);
      await live?.settled;
    },
    async stopThread(threadId) {
      const ofThread = runs.unfinished().filter((live) => live.run.threadId === threadId);
      for (const live of ofThread) stopNow(live, "cancel");
      await Promise.all(ofThread.map((live) => live.settled));
    },
    async recover() {
      if (!options.executesRuns) return;
      await recoverRuns({
        store,
        graphs,
        bound,
        runs,
        clock,
        log,
        finish,
        schedule,
        maxAttempts: options.maxAttempts,
        signal: closing.signal,
      });
      outbox.resume();
    },
    async findEvents(runId) {
      const stored = await store.runEvents.read(runId);
      if (stored.length === 0) return undefined;
      const eventLog = restoreLog(stored);
      eventLog.end();
      return eventLog;
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
      closing.abort(new Error("the server stops"));
      runs.close();
      outbox.close();
    },
  };
}
