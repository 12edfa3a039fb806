import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { Run } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { BoundGraphs } from "./bound-graphs.ts";
import type { RunOutcome } from "./execute-run.ts";
import { type FinishRun, STOPPED, failedOutcome } from "./finish-run.ts";
import { KEEP_RESUMABLE_MS, type LiveRun, type LiveRuns } from "./live-runs.ts";
import { openRun } from "./open-run.ts";
import { nextStatus } from "./run-status.ts";

export interface RecoverRunsOptions {
  readonly store: Store;
  readonly graphs: GraphRegistry;
  readonly bound: BoundGraphs;
  readonly runs: LiveRuns;
  readonly clock: Clock;
  readonly log: Log;
  readonly finish: FinishRun;
  readonly schedule: (live: LiveRun) => void;
  readonly maxAttempts: number;
  /** Aborts when the process stops. */
  readonly signal: AbortSignal;
}

/**
 * Takes up every run that a former process left unfinished, in the order of its thread: it is queued again, unless it was
 * to be stopped, was begun too often already, or cannot be executed any more.
 */
export async function recoverRuns(options: RecoverRunsOptions): Promise<void> {
  const { store, bound, runs, clock, log, finish, schedule } = options;
  for (const run of await store.runs.endedTemporary()) {
    await bound.forget(run.threadId, run.kwargs);
    await store.runs.delete(run.runId);
  }
  // One that was being executed goes before those that waited for it, whatever their delays were.
  const unfinished = [...(await store.runs.unfinished())].sort((left, right) => rank(left) - rank(right));
  for (const run of unfinished) {
    const graphId = (await store.assistants.get(run.assistantId))?.graphId;
    const ending = endingOf(run, graphId, options);
    const status = run.status === "running" ? nextStatus(run.status, "postpone") : run.status;
    if (status !== run.status) await store.runs.setStatus(run.runId, status, run.attempt, clock.now());
    const stored = run.kwargs.resumable ? await store.runEvents.read(run.runId) : [];
    const live = openRun({
      run: { ...run, status },
      graphId: graphId ?? "",
      stored,
      runs,
      events: store.runEvents,
      clock,
      log,
    });
    const fields = { run_id: run.runId, thread_id: run.threadId, attempt: run.attempt + 1 };
    if (ending === undefined) {
      schedule(live);
      log.info(fields, "run of a former process goes on");
    } else {
      live.stopReason = run.stopRequested ?? undefined;
      await finish(live, ending);
      log.warn({ ...fields, reason: ending.error?.message ?? "it was to be stopped" }, "run of a former process ended");
    }
  }
  await freeEvents(options);
}

function rank({ status, attempt }: Run): number {
  return status === "running" || attempt > 0 ? 0 : 1;
}

/** How the run ends without being executed; undefined when it is to go on. */
function endingOf(
  run: Run,
  graphId: string | undefined,
  { graphs, maxAttempts }: Pick<RecoverRunsOptions, "graphs" | "maxAttempts">,
): RunOutcome | undefined {
  if (run.stopRequested !== null) return STOPPED;
  if (graphId === undefined) return failedOutcome("AssistantNotFound", "the assistant of the run was deleted");
  if (!graphs.has(graphId)) return failedOutcome("GraphNotFound", `graph "${graphId}" is not served any more`);
  if (run.status !== "running" || run.attempt < maxAttempts) return undefined;
  const message = `the server stopped ${run.attempt} times while it executed the run; it is not tried again`;
  return failedOutcome("ServerStopped", message);
}

/** Frees the events of runs that ended in a former process: those whose time is over now, the others when it is. */
async function freeEvents({ store, clock, log, signal }: RecoverRunsOptions): Promise<void> {
  const free = (): Promise<void> => store.runEvents.deleteOfEnded(clock.now() - KEEP_RESUMABLE_MS);
  await free();
  clock.sleep(KEEP_RESUMABLE_MS, signal).then(
    () => free().catch((error: unknown) => log.warn({ err: error }, "events of ended runs not freed")),
    () => undefined, // The process stops; the next one looks again.
  );
}
