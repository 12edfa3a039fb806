import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { ReplicaBus } from "../replicas/bus.ts";
import type { Run } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { RunOutcome } from "./execute-run.ts";
import { type FinishRun, STOPPED, failedOutcome } from "./finish-run.ts";
import type { LiveRun, LiveRuns } from "./live-runs.ts";
import { openRun } from "./open-run.ts";

export interface TakeUpOptions {
  readonly store: Store;
  readonly graphs: GraphRegistry;
  readonly runs: LiveRuns;
  readonly bus: ReplicaBus;
  readonly clock: Clock;
  readonly log: Log;
  readonly finish: FinishRun;
  readonly schedule: (live: LiveRun) => void;
  /** How often a run is started that its process does not survive, before it ends as `error`. */
  readonly maxAttempts: number;
}

/**
 * Goes on with a run that was accepted before, here or elsewhere, and is this process's now: it is queued, unless it was to
 * be stopped, was begun too often already, or cannot be executed any more.
 */
export async function takeUpRun(run: Run, options: TakeUpOptions): Promise<void> {
  const { store, runs, bus, clock, log, finish, schedule } = options;
  const graphId = (await store.assistants.get(run.assistantId))?.graphId;
  const ending = endingOf(run, graphId, options);
  const mayHaveEvents = run.kwargs.resumable || run.followedBy !== null || run.attempt > 0;
  const stored = mayHaveEvents ? await store.runEvents.read(run.runId) : [];
  const live = openRun({
    run,
    graphId: graphId ?? "",
    // Set by whoever claimed it for this process.
    owner: run.owner ?? "",
    stored,
    runs,
    events: store.runEvents,
    bus,
    clock,
    log,
  });
  const fields = { run_id: run.runId, thread_id: run.threadId, attempt: run.attempt + 1 };
  if (ending === undefined) {
    schedule(live);
    if (run.attempt > 0) log.info(fields, "run of another process goes on");
    return;
  }
  live.stopReason = run.stopRequested ?? undefined;
  await finish(live, ending);
  log.warn({ ...fields, reason: ending.error?.message ?? "it was to be stopped" }, "run of another process ended");
}

/** How the run ends without being executed; undefined when it is to go on. */
function endingOf(
  run: Run,
  graphId: string | undefined,
  { graphs, maxAttempts }: Pick<TakeUpOptions, "graphs" | "maxAttempts">,
): RunOutcome | undefined {
  if (run.stopRequested !== null) return STOPPED;
  if (graphId === undefined) return failedOutcome("AssistantNotFound", "the assistant of the run was deleted");
  if (!graphs.has(graphId)) return failedOutcome("GraphNotFound", `graph "${graphId}" is not served any more`);
  if (run.attempt < maxAttempts) return undefined;
  const message = `the server stopped ${run.attempt} times while it executed the run; it is not tried again`;
  return failedOutcome("ServerStopped", message);
}
