import { serialize } from "../wire/serialize.ts";
import type { Run } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { type BoundGraphs, hasStoredCheckpoints } from "./bound-graphs.ts";
import type { LiveRun, LiveRuns } from "./live-runs.ts";
import type { RunMirrors } from "./mirror-runs.ts";

export interface GiveUpContext {
  readonly store: Store;
  readonly bound: BoundGraphs;
  readonly runs: LiveRuns;
  readonly mirrors: RunMirrors;
  /** This process, for the owners of runs. */
  readonly follower: () => string;
}

/**
 * Lets go of a run that another process has taken over, or that was deleted. Those who wait for it here go on waiting; those
 * who read its events do so if what they have seen is what is stored: the process that has the run now went on from there.
 */
export async function giveUp(live: LiveRun, { store, bound, runs, mirrors, follower }: GiveUpContext): Promise<void> {
  const { run, log, writer } = live;
  writer.close();
  if (!hasStoredCheckpoints(run.kwargs)) await bound.forget(run.threadId, run.kwargs);
  const find = async (): Promise<Run | undefined> =>
    (await store.runs.follow(run.runId, follower())) ?? (await store.runs.get(run.runId));
  const elsewhere = await find().catch(() => run);
  // This process may have claimed it again.
  if (runs.get(run.runId) !== live) return;
  if (elsewhere !== undefined && !writer.isStored) {
    const failure = serialize({
      error: "RunTakenOver",
      message: "another server has taken the run over; join it again",
    });
    log.end(`event: error\ndata: ${failure}\n\n`);
  }
  mirrors.adopt(elsewhere ?? run);
  // Learns at once when the run has ended or is gone.
  await mirrors.poll().catch(() => undefined);
}
