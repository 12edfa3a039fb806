import type { Clock } from "../../lib/clock.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Store } from "../store/store.ts";

interface Stores {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
}

/** Longer than the runs of a thread take to stop, so that a deletion that is still going on is left alone. */
const GIVEN_UP_AFTER_MS = 2 * 60_000;
const DELETIONS_PER_TURN = 1_000;

/** Goes on with deletions that a process began and did not get to the end of, because it was killed or a store failed. */
export async function finishDeletions({
  store,
  checkpointer,
  clock,
}: Stores & { readonly clock: Clock }): Promise<void> {
  for (const threadId of await store.deletedThreads.list(clock.now() - GIVEN_UP_AFTER_MS, DELETIONS_PER_TURN)) {
    // A run may have made a thread under this id again; what there is now is its own.
    const isBack = (await store.threads.get(threadId)) !== undefined;
    await (isBack ? store.deletedThreads.remove(threadId) : deleteRemains({ store, checkpointer }, threadId));
  }
}

/** Before a thread is made under an id that a caller chose: it must not find the state of one that was deleted. */
export async function finishDeletionOf({ store, checkpointer }: Stores, threadId: string): Promise<void> {
  if (!(await store.deletedThreads.has(threadId)) || (await store.threads.get(threadId)) !== undefined) return;
  await deleteRemains({ store, checkpointer }, threadId);
}

/** The last step of a deletion: what a run that was stopped may have written until then. */
export async function deleteRemains({ store, checkpointer }: Stores, threadId: string): Promise<void> {
  await store.threadEvents.deleteOfThread(threadId);
  await checkpointer.saver.deleteThread(threadId);
  await store.deletedThreads.remove(threadId);
}
