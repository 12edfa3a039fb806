import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { RunGuard } from "../store/run-guard.ts";
import type { Run } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { BoundGraphs } from "./bound-graphs.ts";
import { KEEP_RESUMABLE_MS } from "./live-runs.ts";

export interface RecoverRunsOptions {
  readonly store: Store;
  readonly bound: BoundGraphs;
  readonly guard: RunGuard;
  readonly clock: Clock;
  readonly log: Log;
  readonly takeUp: (run: Run) => Promise<void>;
  /** Aborts when the process stops. */
  readonly signal: AbortSignal;
}

/**
 * At the start: drops what stateless runs left, and goes on with every unfinished run, in the order of its thread. Where
 * several processes share the runs, those that nobody has are claimed one by one later.
 */
export async function recoverRuns(options: RecoverRunsOptions): Promise<void> {
  const { store, bound, guard, takeUp } = options;
  for (const run of await store.runs.endedTemporary(guard.isShared ? "unowned" : "all")) {
    await bound.forget(run.threadId, run.kwargs);
    await store.runs.delete(run.runId);
  }
  if (!guard.isShared) {
    await store.runWebhooks.releaseAll();
    for (const run of await store.runs.claimAll(guard.owner)) await takeUp(run);
  }
  await freeEvents(options);
}

/** Frees the events of runs that ended in other processes: those whose time is over now, the others when it is. */
async function freeEvents({ store, guard, clock, log, signal }: RecoverRunsOptions): Promise<void> {
  const free = (): Promise<void> => store.runEvents.deleteOfEnded(clock.now() - KEEP_RESUMABLE_MS);
  await free();
  const freeLater = async (): Promise<void> => {
    do {
      await clock.sleep(KEEP_RESUMABLE_MS, signal);
      await free().catch((error: unknown) => log.warn({ err: error }, "events of ended runs not freed"));
    } while (guard.isShared);
  };
  freeLater().catch(() => undefined); // The process stops; the next one looks again.
}
