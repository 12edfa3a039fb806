import type { Clock } from "../../lib/clock.ts";
import type { LiveRun, RunResult } from "../runs/live-runs.ts";
import { type RunStatus, UNFINISHED_STATUSES } from "../runs/run-status.ts";
import type { ProtocolThread } from "./protocol-thread.ts";
import { type NamedRun, emitRootStatus, errorOf, toAgentStatus } from "./root-status.ts";
import type { ThreadHub } from "./thread-hub.ts";

/** How long after a run's end its process may take to store the event that tells of it. */
const GRACE_MS = 3_000;

export interface WatchContext {
  readonly hub: Pick<ThreadHub, "findRun" | "isShared" | "closing">;
  readonly clock: Clock;
}

export interface WatchOptions extends WatchContext {
  /** Runs of the thread, wherever they are executed. */
  readonly lives: readonly LiveRun[];
}

/**
 * Tells what nobody else does of a thread's runs, for a reader that has come: that those run which began before anybody used
 * the protocol on their thread, how they end, and how a run ended whose process died before it said so. Does not wait for it.
 */
export async function watchRuns(thread: ProtocolThread, { lives, ...context }: WatchOptions): Promise<void> {
  for (const live of lives) {
    if (live.status !== "running") continue;
    const { runId } = live.run;
    const nowMs = context.clock.now();
    emitRootStatus(thread, live, { status: "running", nowMs }, () => thread.hasRun(runId));
    live.settled.then((result) => tellEnd(thread, live, result, context)).catch(() => undefined); // The server stops.
  }
  const { latestRunId } = thread;
  if (!lives.some(({ run }) => run.runId === latestRunId)) await tellForgottenEnd(thread, context);
}

/** Sees to it that the end of the latest run is told if it has ended. Never rejects. */
export async function tellForgottenEnd(thread: ProtocolThread, context: WatchContext): Promise<void> {
  const { latestRunId: runId } = thread;
  if (runId === undefined || thread.hasEnded(runId)) return;
  try {
    // One that was deleted was stopped before.
    const { status } = (await context.hub.findRun(runId)) ?? { status: "interrupted" };
    const graphId = thread.namespaces.find(({ namespace }) => namespace.length === 0)?.graphName ?? "";
    tellEnd(thread, { graphId, run: { runId } }, { status, body: "{}" }, context).catch(() => undefined); // The server stops.
  } catch {
    // The next reader asks again.
  }
}

async function tellEnd(
  thread: ProtocolThread,
  run: NamedRun,
  result: RunResult,
  { clock, hub }: WatchContext,
): Promise<void> {
  const hasEnded = (): boolean => thread.hasEnded(run.run.runId);
  // A run that a stopping server has handed over goes on elsewhere.
  if (hasEnded() || isUnfinished(result.status)) return;
  if (hub.isShared) {
    await clock.sleep(GRACE_MS, hub.closing);
    await thread.sync();
  }
  const status = toAgentStatus(result);
  const error = status === "failed" ? errorOf(result) : undefined;
  emitRootStatus(thread, run, { status, nowMs: clock.now(), error }, hasEnded);
}

function isUnfinished(status: RunStatus): boolean {
  return UNFINISHED_STATUSES.some((unfinished) => unfinished === status);
}
