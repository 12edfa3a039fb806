import type { RunManager } from "../runs/run-manager.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Store } from "../store/store.ts";

export interface ThreadParts {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  readonly runs: Pick<RunManager, "stopThread">;
}

/**
 * Removes a thread with its runs, crons and checkpoints. The thread goes first, so that no further run is accepted; what a run
 * still writes while it stops goes last.
 */
export async function deleteThread({ store, checkpointer, runs }: ThreadParts, threadId: string): Promise<void> {
  await store.transaction(
    async (tables) => {
      await tables.runs.deleteOfThread(threadId);
      await tables.crons.deleteOfThread(threadId);
      await tables.threads.delete(threadId);
    },
    { lock: threadId },
  );
  await runs.stopThread(threadId);
  // Stopping was told on the thread, too.
  await store.threadEvents.deleteOfThread(threadId);
  await checkpointer.saver.deleteThread(threadId);
}
