import type { Clock } from "../../lib/clock.ts";
import type { LiveRun, RunResult } from "../runs/live-runs.ts";
import type { RunManager } from "../runs/run-manager.ts";
import { type RunStatus, UNFINISHED_STATUSES } from "../runs/run-status.ts";
import type { ProtocolThread } from "./protocol-thread.ts";
import { type NamedRun, emitRootStatus, errorOf, toAgentStatus } from "./root-status.ts";
import type { ThreadHub } from "./thread-hub.ts";

/** How long after a run's end its process may take to store the event that tells of it. */
const GRACE_MS = 3_000;

export interface WatchContext {
  readonly hub: Pick<ThreadHub, "findRun" | "runningRuns" | "isShared" | "closing">;
  readonly clock: Clock;
}

export interface WatchOptions extends WatchContext {
  readonly runs: Pick<RunManager, "ofThread" | "followThread">;
}

/**
 * Tells what nobody else does of a thread's runs, for a reader that has come: that those run which began before anybody used
 * the protocol on their thread, how they end, and how a run ended whose process died before it said so. Does not wait for it.
 */
export async function watchRuns(thread: ProtocolThread, { runs, ...context }: WatchOptions): Promise<void> {
  const lives = await findLives(thread, { runs, ...context });
  for (const live of lives) {
    const { runId } = live.run;
    // What another process tells of its run comes by itself.
    if (live.status !== "running" || (live.isElsewhere && thread.hasRun(runId))) continue;
    const nowMs = context.clock.now();
    emitRootStatus(thread, live, { status: "running", nowMs }, { unless: () => thread.hasRun(runId) });
    live.settled
      .then((result) => tellEnd(thread, live, { ...context, result, isElsewhere: live.isElsewhere }))
      .catch(() => undefined); // The server stops.
  }
  const { latestRunId } = thread;
  if (!lives.some(({ run }) => run.runId === latestRunId)) await tellForgottenEnd(thread, context);
}

/** Runs that other processes execute are followed only when these tell nothing of them, because it makes them store more. */
async function findLives(thread: ProtocolThread, { runs, hub }: WatchOptions): Promise<readonly LiveRun[]> {
  const { threadId } = thread;
  const lives = runs.ofThread(threadId);
  if (!hub.isShared) return lives;
  const isKnown = (runId: string): boolean => thread.hasRun(runId) || lives.some(({ run }) => run.runId === runId);
  const running = await hub.runningRuns(threadId);
  return running.every(({ runId }) => isKnown(runId)) ? lives : runs.followThread(threadId);
}

/** Sees to it that the end of the latest run is told if it has ended. Never rejects. */
export async function tellForgottenEnd(thread: ProtocolThread, context: WatchContext): Promise<void> {
  const { latestRunId: runId } = thread;
  if (runId === undefined || thread.hasEnded(runId)) return;
  try {
    // One that was deleted was stopped before.
    const { status } = (await context.hub.findRun(runId)) ?? { status: "interrupted" };
    const graphId = thread.namespaces.find(({ namespace }) => namespace.length === 0)?.graphName ?? "";
    const end = { ...context, result: { status, body: "{}" }, isElsewhere: context.hub.isShared };
    tellEnd(thread, { graphId, run: { runId } }, end).catch(() => undefined); // The server stops.
  } catch {
    // The next reader asks again.
  }
}

async function tellEnd(
  thread: ProtocolThread,
  run: NamedRun,
  { result, isElsewhere, clock, hub }: WatchContext & { readonly result: RunResult; readonly isElsewhere: boolean },
): Promise<void> {
  const hasEnded = (): boolean => thread.hasEnded(run.run.runId);
  // A run that a stopping server has handed over goes on elsewhere.
  if (hasEnded() || isUnfinished(result.status)) return;
  if (isElsewhere) {
    await clock.sleep(GRACE_MS, hub.closing);
    await thread.sync();
  }
  const status = toAgentStatus(result);
  const error = status === "failed" ? errorOf(result) : undefined;
  emitRootStatus(thread, run, { status, nowMs: clock.now(), error }, { unless: hasEnded });
}

function isUnfinished(status: RunStatus): boolean {
  return UNFINISHED_STATUSES.some((unfinished) => unfinished === status);
}
