import type { Clock } from "../../../../lib/clock.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { hasEnded } from "../designer.ts";
import type { Changes } from "./changes.ts";
import { POLL_MS, removeJobFiles } from "./job-runner.ts";
import type { JobStore } from "./job-store.ts";

/** A job that does not stop within this time is not deleted. */
const STOP_WITHIN_MS = 60_000;

export interface DeleteJobOptions {
  readonly store: JobStore;
  readonly changes: Changes;
  readonly datasetsFolder: string;
  readonly clock: Clock;
  /** Aborts when the designer is closed. */
  readonly closing: AbortSignal;
}

/**
 * Cancels the job when it works, waits until it has stopped, and removes first its row and then its files; what of these a crash leaves is
 * removed by the next runner. Throws `not_found`, `timed_out` and `storage_failed`.
 */
export async function deleteJob(options: DeleteJobOptions, id: string): Promise<void> {
  const { store, changes, datasetsFolder, clock, closing } = options;
  const startedAt = clock.now();
  for (;;) {
    if (closing.aborted) throw new ServiceError("unavailable", `job ${id} is not deleted: the service stops`);
    const row = store.get(id);
    if (row === undefined) throw new ServiceError("not_found", `there is no job "${id}"`);
    if (hasEnded(row.status) || row.status === "pending") break;
    if (row.status === "active") {
      store.move(id, "cancelling");
      changes.notify();
    }
    if (clock.now() - startedAt > STOP_WITHIN_MS) {
      throw new ServiceError("timed_out", `job ${id} is still ${row.status}; it is cancelled, delete it again`);
    }
    await changes.wait(POLL_MS, closing);
  }
  store.remove(id);
  changes.notify();
  await removeJobFiles(store, datasetsFolder, id);
}
