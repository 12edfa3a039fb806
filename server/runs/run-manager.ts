import type { Clock } from "../../lib/clock.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { ReplicaBus } from "../replicas/bus.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { RunGuard } from "../store/run-guard.ts";
import type { Run, StopRequest } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { ThreadTtl } from "../store/threads.ts";
import { finishDeletionOf } from "../threads/finish-deletions.ts";
import { type RunRequest, acceptRun, checkCheckpoint, stopRequestOf, toRun } from "./accept-run.ts";
import type { BoundGraphs } from "./bound-graphs.ts";
import type { EventLog } from "./event-log.ts";
import { type RunObserver, createFinisher } from "./finish-run.ts";
import { giveUp } from "./give-up-run.ts";
import { type LiveRun, createLiveRuns } from "./live-runs.ts";
import { createRunMirrors } from "./mirror-runs.ts";
import { openRun, restoreLog } from "./open-run.ts";
import { recoverRuns } from "./recover-runs.ts";
import { isFinished } from "./run-status.ts";
import { createRunExecutor } from "./run-executor.ts";
import { type RunQueue, createRunQueue } from "./run-queue.ts";
import type { TapRun } from "./run-tap.ts";
import { UNSHARED, shareRuns } from "./share-runs.ts";
import { takeUpRun } from "./take-up-run.ts";
import { createWebhookOutbox } from "./webhook-outbox.ts";
import type { WebhookSender } from "./webhook.ts";

export interface RunManagerOptions {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  readonly graphs: GraphRegistry;
  readonly bound: BoundGraphs;
  readonly guard: RunGuard;
  readonly bus: ReplicaBus;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxConcurrentRuns: number;
  readonly runTimeoutMs: number;
  /** Without the right to execute runs none are accepted or taken up. */
  readonly executesRuns: boolean;
  /** How often a run is started that its process does not survive, before it ends as `error`. */
  readonly maxAttempts: number;
  /** Of threads that come with their first run. */
  readonly threadTtl: ThreadTtl | null;
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
  /** A run that this process executes, executed a short while ago, or follows. */
  find(runId: string): LiveRun | undefined;
  /** A run that has not ended, or ended here a short while ago, wherever it is executed. */
  follow(runId: string): Promise<LiveRun | undefined>;
  /** Runs of a thread that this process executes, lately executed, or follows, in the order in which it came to know them. */
  ofThread(threadId: string): readonly LiveRun[];
  /** The same, with all unfinished runs of the thread, wherever they are executed. */
  followThread(threadId: string): Promise<readonly LiveRun[]>;
  /** The stored events of a run that has ended; undefined when none are kept. */
  findEvents(runId: string): Promise<EventLog | undefined>;
  /** Asks a run that has not ended to stop. Resolves when the request is stored, which outlives this process. */
  requestStop(runId: string, reason: StopRequest): Promise<LiveRun | undefined>;
  /**
   * Stops a run that has not ended and waits until it has. A run that ended already is left as it is. Throws `unavailable`
   * when this process stops before; the request holds.
   */
  stop(runId: string, reason: StopRequest): Promise<void>;
  stopThread(threadId: string): Promise<void>;
  /** Takes up what a former process left: every unfinished run goes on, from its last checkpoint when it has one. */
  recover(): Promise<void>;
  /** Refuses new runs and lets the running ones go on for `limitMs`. What has not ended by then is left to the next start. */
  shutdown(limitMs: number): Promise<void>;
  readonly queue: Pick<RunQueue, "depth" | "runningCount">;
}

const ELSEWHERE =
  "another NemOps process executes the runs of this database, so this one only reads; send the run to that one";

const STOPS_ELSEWHERE = "the server is stopping; the run ends when the server is back, or on another one";

export function createRunManager(options: RunManagerOptions): RunManager {
  const { store, checkpointer, graphs, bound, guard, bus, clock, log, observer, webhooks, threadTtl } = options;
  const queue = createRunQueue({ limit: options.maxConcurrentRuns });
  const runs = createLiveRuns({
    onExpire: (runId) => {
      store.runEvents
        .delete(runId)
        .catch((error: unknown) => log.warn({ run_id: runId, err: error }, "events not freed"));
    },
  });
  const closing = new AbortController();
  let isStopping = false;
  let shared = UNSHARED;

  const outbox = createWebhookOutbox({
    store: store.runWebhooks,
    sender: webhooks,
    owner: () => guard.owner,
    clock,
    log,
  });
  const common = { store, runs, bus, clock, log };
  const follower = (): string => guard.owner;
  const mirrors = createRunMirrors({ ...common, follower });
  const finish = createFinisher({
    ...common,
    checkpointer,
    bound,
    observer,
    outbox,
    onLost: async (live) => {
      await giveUp(live, { ...common, bound, mirrors, follower });
      if (isStopping) executor.leaveMirrors();
    },
    onUnstored: ({ run: { runId }, owner }) => {
      // That was not its end: whoever asks for it from now on follows its next execution.
      if (guard.isShared) runs.remove(runId);
      shared.abandon({ runId, owner });
    },
    onEnd: (hasSuccessor) => (hasSuccessor ? shared.wake() : shared.onRoom()),
  });
  const executor = createRunExecutor({
    ...common,
    checkpointer,
    bound,
    queue,
    finish,
    runTimeoutMs: options.runTimeoutMs,
    tapRun: options.tapRun,
  });
  const schedule = (live: LiveRun): void => {
    executor.schedule(live);
    // Others took this process for dead while it got the run.
    if (guard.isShared && live.owner !== guard.owner) executor.stop(live, "lost");
  };
  const takeUp = (run: Run): Promise<void> =>
    takeUpRun(run, {
      ...common,
      graphs,
      finish,
      schedule,
      maxAttempts: options.maxAttempts,
    });

  /**
   * Alone, a process has every run. Where others share them it takes those that it can execute at once, unless others wait
   * that were accepted before; and one on a thread with other runs only if it has those, too, because the lanes of the queue
   * keep their order. One whose time has not come is nobody's: others may execute further runs of its thread until then.
   */
  const ownerOf = (asked: Run, inflight: readonly Run[]): string | null => {
    if (!guard.isShared) return guard.owner;
    // One that was claimed just now may not be in the queue yet.
    const isMine = inflight.every(
      ({ runId, owner }) => owner === guard.owner && runs.get(runId)?.isElsewhere === false,
    );
    return isMine && asked.startAtMs <= clock.now() && room() > 0 && !shared.hasBacklog ? guard.owner : null;
  };
  const room = (): number => options.maxConcurrentRuns - queue.runningCount - queue.depth;

  const requestStop = async (runId: string, reason: StopRequest): Promise<LiveRun | undefined> => {
    const live = runs.get(runId);
    if (live !== undefined && !live.isElsewhere) {
      // One that it lets go of goes on elsewhere, where the request is to be heard.
      const isLeft = live.stopReason === "lost" || live.stopReason === "shutdown";
      if ((live.stopReason !== undefined && !isLeft) || live.log.isEnded) return live;
      try {
        await store.runs.requestStop(runId, reason);
      } catch (error) {
        log.warn({ run_id: runId, err: error }, "request to stop a run not stored; it holds for this process");
      }
      executor.stop(live, reason);
      return live;
    }
    if (!guard.isShared) return undefined;
    await store.runs.requestStop(runId, reason);
    const followed = await mirrors.follow(runId);
    bus.send({ kind: "stop", runId });
    // One that nobody has ends here.
    const claimed = await store.transaction((tables) => tables.runs.claim([runId], guard.owner, clock.now()));
    for (const run of claimed) await takeUp(run);
    return runs.get(runId) ?? followed;
  };

  return {
    queue: {
      get depth() {
        // One that waits for a process to claim it is followed by the one that accepted it.
        return queue.depth + runs.elsewhere().filter(({ status }) => status === "pending").length;
      },
      get runningCount() {
        return queue.runningCount;
      },
    },
    find: (runId) => runs.get(runId),
    async follow(runId) {
      return runs.get(runId) ?? (guard.isShared ? mirrors.follow(runId) : undefined);
    },
    ofThread: (threadId) => runs.ofThread(threadId),
    async followThread(threadId) {
      if (guard.isShared) {
        for (const { runId } of await store.runs.unfinishedOfThread(threadId)) await mirrors.follow(runId);
      }
      return runs.ofThread(threadId);
    },
    async create(request) {
      if (isStopping) throw new ServiceError("unavailable", "the server is stopping; send the run again in a moment");
      if (!options.executesRuns) throw new ServiceError("unavailable", ELSEWHERE);
      const { body, assistant, threadId } = request;
      const asked = toRun(request, { graphs, nowMs: clock.now() });
      if (asked.kwargs.webhook !== null) webhooks.check(asked.kwargs.webhook);
      if (threadId !== undefined) {
        if (body.if_not_exists === "create") await finishDeletionOf({ store, checkpointer }, threadId);
        await checkCheckpoint(checkpointer, asked);
      }
      const ownerAfter = (inflight: readonly Run[]): string | null => ownerOf(asked, inflight);
      // A stateless run alone is one row, which needs no transaction.
      const { run, inflight } =
        asked.isTemporary && request.alongside === undefined
          ? await acceptRun(store, asked, request, { graphs, threadTtl, me: guard.owner, ownerAfter })
          : await store.transaction(
              async (tables) => {
                await request.alongside?.(tables);
                return acceptRun(tables, asked, request, { graphs, threadTtl, me: guard.owner, ownerAfter });
              },
              { lock: asked.threadId },
            );
      const reason = stopRequestOf(run.multitaskStrategy);
      for (const { runId } of reason === undefined ? [] : inflight) {
        const live = runs.get(runId);
        if (live !== undefined && !live.isElsewhere && reason !== undefined) executor.stop(live, reason);
        else bus.send({ kind: "stop", runId });
      }
      if (run.owner === null) {
        // Another replica may have claimed it before this one.
        const mirror = runs.get(run.runId) ?? mirrors.adopt(run);
        bus.send({ kind: "waiting" });
        return mirror;
      }
      const { owner } = run;
      const known = runs.get(run.runId);
      // It took so long to hear of the acceptance that the run was left and is taken up already.
      if (known !== undefined && !known.isElsewhere) return known;
      const live = openRun({ ...common, run, graphId: assistant.graphId, owner, events: store.runEvents });
      schedule(live);
      return live;
    },
    requestStop,
    async stop(runId, reason) {
      const live = await requestStop(runId, reason);
      const result = await live?.settled;
      if (result !== undefined && !isFinished(result.status)) throw new ServiceError("unavailable", STOPS_ELSEWHERE);
    },
    async stopThread(threadId) {
      bus.send({ kind: "stop_thread", threadId });
      const ofThread = runs.unfinished().filter((live) => live.run.threadId === threadId);
      for (const live of ofThread) executor.stop(live, "cancel");
      await Promise.all(ofThread.map((live) => live.settled));
    },
    async recover() {
      if (!options.executesRuns) return;
      await recoverRuns({ ...common, bound, guard, takeUp, signal: closing.signal });
      if (guard.isShared) {
        shared = shareRuns({
          ...common,
          guard,
          mirrors,
          room,
          takeUp,
          stop: (live, reason) => executor.stop(live, reason),
          onReap: () => outbox.resume(),
        });
      }
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
      shared.stopClaiming();
      await executor.drain(limitMs);
      await shared.close();
      closing.abort(new Error("the server stops"));
      runs.close();
      await outbox.close();
    },
  };
}
