import type { Clock } from "../../lib/clock.ts";
import type { RunManager } from "../runs/run-manager.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Store } from "../store/store.ts";
import { deleteRemains } from "./finish-deletions.ts";

export interface ThreadParts {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  readonly runs: Pick<RunManager, "stopThread">;
  readonly clock: Clock;
}

/**
 * Removes a thread with its runs, crons and checkpoints. The thread goes first, so that no further run is accepted; what a run
 * still writes while it stops goes last. Should this process end before that, `finishDeletions` of another one does it.
 */
export async function deleteThread(parts: ThreadParts, threadId: string): Promise<void> {
  const { store, runs, clock } = parts;
  await store.transaction(
    async (tables) => {
      await tables.runs.deleteOfThread(threadId);
      await tables.crons.deleteOfThread(threadId);
      await tables.threads.delete(threadId);
      await tables.deletedThreads.add(threadId, clock.now());
    },
    { lock: threadId },
  );
  await runs.stopThread(threadId);
  await deleteRemains(parts, threadId);
}
