import type { Clock } from "../../lib/clock.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { ReplicaBus } from "../replicas/bus.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Store } from "../store/store.ts";
import { serialize } from "../wire/serialize.ts";
import type { BoundGraphs } from "./bound-graphs.ts";
import { executeRest } from "./execute-rest.ts";
import { type FinishRun, STOPPED, failedOutcome } from "./finish-run.ts";
import type { LiveRun, LiveRuns, StopReason } from "./live-runs.ts";
import type { QueuedJob, RunQueue } from "./run-queue.ts";
import { nextStatus } from "./run-status.ts";
import type { RunTap, TapRun } from "./run-tap.ts";

export interface RunExecutor {
  /** Executes the run when its time has come and the runs of its thread before it are done. */
  schedule(live: LiveRun): void;
  /** Stops a run that has not ended, whether it is executed or waits. */
  stop(live: LiveRun, reason: StopReason): void;
  /** Lets the running ones go on for `limitMs`; what has not ended by then is left to the next start, or to other processes. */
  drain(limitMs: number): Promise<void>;
  /** Lets go of those who follow runs elsewhere: while it stops, a process hears nothing of those. */
  leaveMirrors(): void;
}

export interface RunExecutorOptions {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  readonly bound: BoundGraphs;
  readonly queue: RunQueue;
  readonly runs: LiveRuns;
  readonly bus: ReplicaBus;
  readonly finish: FinishRun;
  readonly clock: Clock;
  readonly log: Log;
  readonly runTimeoutMs: number;
  readonly tapRun?: TapRun | undefined;
}

/** Timers of Node that are longer fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Executes the runs that are this process's. */
export function createRunExecutor(options: RunExecutorOptions): RunExecutor {
  const { store, checkpointer, bound, queue, runs, bus, finish, clock, log } = options;
  /** Of runs and not of their ids: one that was lost may be taken up again before its first execution has ended. */
  const jobs = new Map<LiveRun, QueuedJob>();
  let isDraining = false;

  const execute = async (live: LiveRun): Promise<void> => {
    const { run } = live;
    const ended = new AbortController();
    clock
      .sleep(options.runTimeoutMs, ended.signal)
      .then(() => stop(live, "timeout"))
      .catch(() => undefined); // The run ended in time.
    const openGate = run.kwargs.resumable ? bound.gate(run.runId, () => live.writer.flush()) : undefined;
    let tap: RunTap | undefined;
    try {
      live.status = nextStatus(live.status, "start");
      live.startedAtMs = clock.now();
      const owned = { runId: run.runId, owner: live.owner };
      const notice = await store.runs.setStatus(owned, live.status, run.attempt + 1, clock.now());
      if (notice === undefined) stop(live, "lost");
      const graph = await bound.forRun(live.graphId, run.kwargs);
      tap = run.isTemporary ? undefined : options.tapRun?.(live, graph);
      const outcome = await executeRest(live, graph, { store, saver: checkpointer.saver, tap });
      jobs.delete(live);
      if (live.stopReason === "shutdown") {
        // Before the run is another process's, which may then go on with the log of the thread.
        await tap?.onEnd({ status: "pending", body: "{}" });
        await handOver(live);
      } else await finish(live, { ...outcome, graph }, tap);
    } catch (error) {
      log.error({ run_id: run.runId, graph_id: live.graphId, err: error }, "run could not be executed");
      await finish(live, failedOutcome(error instanceof Error ? error.name : "Error", errorMessage(error)), tap);
    } finally {
      jobs.delete(live);
      openGate?.();
      ended.abort(new Error("the run has ended"));
    }
  };

  const enqueue = (live: LiveRun): void => {
    jobs.set(
      live,
      queue.add(live.run.threadId, () => execute(live)),
    );
  };

  const schedule = (live: LiveRun): void => {
    const { startAtMs, createdAtMs } = live.run;
    if (isDraining) void postpone([live]);
    // The clock of the process that accepted it may be ahead.
    else if (startAtMs <= Math.max(clock.now(), createdAtMs)) enqueue(live);
    else {
      sleepUntil(startAtMs, live.abort.signal)
        .then(() => enqueue(live))
        .catch(() => undefined); // Stopped while it waited: `stop` settles it.
    }
  };

  const sleepUntil = async (timeMs: number, signal: AbortSignal): Promise<void> => {
    for (let leftMs = timeMs - clock.now(); leftMs > 0; leftMs = timeMs - clock.now()) {
      await clock.sleep(Math.min(leftMs, MAX_TIMER_MS), signal);
    }
  };

  const stop = (live: LiveRun, reason: StopReason): void => {
    if (live.stopReason !== undefined || live.log.isEnded) return;
    live.stopReason = reason;
    const job = jobs.get(live);
    const isWaiting = job === undefined ? live.status === "pending" : job.remove();
    live.abort.abort(new Error(`run stopped: ${reason}`));
    if (!isWaiting) return;
    jobs.delete(live);
    void finish(live, STOPPED);
  };

  /** Leaves runs that have not started to others, and lets go of those who wait for them here. */
  const postpone = (waiting: readonly LiveRun[]): Promise<void> => {
    for (const live of waiting) {
      live.stopReason = "shutdown";
      jobs.get(live)?.remove();
      jobs.delete(live);
      live.abort.abort(new Error("run stopped: shutdown"));
    }
    return release(waiting);
  };

  const release = async (left: readonly LiveRun[]): Promise<void> => {
    const [first] = left;
    if (first === undefined) return;
    try {
      const ids = left.map(({ run }) => run.runId);
      await store.runs.release(ids, first.owner);
      bus.send({ kind: "waiting" });
    } catch (error) {
      log.warn(
        { err: error },
        "runs stay marked as this process's; they go on when it is missed, or at the next start",
      );
    }
    for (const live of left) leave(live);
  };

  /** A run that was stopped with the process waits again, for another one to go on from its last checkpoint. */
  const handOver = async (live: LiveRun): Promise<void> => {
    await live.writer.flush();
    const { runId, threadId, attempt } = live.run;
    live.status = nextStatus(live.status, "postpone");
    // The attempt does not count: it was not the run's fault that it ended.
    await store.runs
      .setStatus({ runId, owner: live.owner }, live.status, attempt, clock.now())
      .catch((error: unknown) => log.warn({ run_id: runId, err: error }, "run stays marked as running"));
    log.info({ run_id: runId, thread_id: threadId }, "run is left to the next start, or to another process");
    await release([live]);
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

  const leaveMirrors = (): void => {
    for (const mirror of runs.elsewhere()) leave(mirror);
  };

  return {
    schedule,
    stop,
    leaveMirrors,
    async drain(limitMs) {
      isDraining = true;
      await postpone(runs.unfinished().filter(({ status }) => status === "pending"));
      const running = runs.unfinished().filter(({ status }) => status === "running");
      const deadline = new AbortController();
      await Promise.race([
        Promise.all(running.map((live) => live.settled)),
        clock.sleep(limitMs, deadline.signal).catch(() => undefined),
      ]);
      deadline.abort(new Error("all runs have ended"));
      for (const live of running) stop(live, "shutdown");
      await Promise.all(running.map((live) => live.settled));
      leaveMirrors();
    },
  };
}
