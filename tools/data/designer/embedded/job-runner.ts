import { rm } from "node:fs/promises";
import path from "node:path";

import type { Log } from "../../../../lib/log.ts";
import type { RunLock } from "../../../../lib/run-lock.ts";
import { toStorageError } from "../../../../lib/storage.ts";
import { createBackOff } from "./back-off.ts";
import type { Changes } from "./changes.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { JobStore } from "./job-store.ts";
import { JobStop, type RunStoredJobOptions, runStoredJob } from "./run-stored-job.ts";

/** How long something that another process did can go unseen. */
export const POLL_MS = 500;

export interface JobRunnerOptions extends Omit<RunStoredJobOptions, "onStored"> {
  readonly store: JobStore;
  readonly lock: RunLock;
  readonly changes: Changes;
  readonly log: Log;
  /** Jobs that run at once; the others wait in the order in which they were created. */
  readonly maxJobs: number;
}

export interface JobRunner {
  /** Stops what runs here, so that it can go on later, and gives the lock away. */
  close(): Promise<void>;
}

interface Running {
  readonly controller: AbortController;
  recorder?: EventRecorder;
  readonly ended: Promise<void>;
}

/** Works on the jobs of a home for as long as it is the one process that may, and waits for its turn else. */
export function startJobRunner(options: JobRunnerOptions): JobRunner {
  const { store, lock, changes, clock, log, maxJobs, datasetsFolder } = options;
  const looking = createBackOff(clock);
  const starting = createBackOff(clock);
  const running = new Map<string, Running>();
  const closing = new AbortController();
  let hasRemoved = false;

  const start = (id: string): void => {
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      try {
        await runStoredJob({ ...options, onStored: () => changes.notify() }, id, controller.signal, (recorder) => {
          const entry = running.get(id);
          if (entry !== undefined) entry.recorder = recorder;
        });
        starting.succeeded();
      } catch (error) {
        starting.failed();
        // The store itself failed: the job stays active there, and the next start of a runner takes it up.
        log.error({ job_id: id, err: error }, "dataset job lost");
      } finally {
        running.delete(id);
        changes.notify();
      }
    };
    // Begun a moment later, when it is among those that run.
    const ended = Promise.resolve().then(run);
    running.set(id, { controller, ended });
  };
  const work = async (): Promise<void> => {
    if (!lock.tryAcquire()) return;
    for (const { id, status } of store.statuses(["active", "cancelling"])) {
      const here = running.get(id);
      if (here !== undefined && status === "cancelling") here.controller.abort(new JobStop("cancel"));
      // Nobody else may work on jobs: whoever did is gone, and left this one where it can go on from.
      if (here === undefined) {
        store.move(id, status === "cancelling" ? "cancelled" : "pending");
        log.info({ job_id: id, status }, "dataset job taken over");
      }
    }
    for (const { recorder } of running.values()) recorder?.tick();
    if (running.size < maxJobs && starting.canTry()) {
      for (const { id } of store.statuses(["pending"], maxJobs - running.size)) if (!running.has(id)) start(id);
    }
    await removeLeftFiles();
  };
  const removeLeftFiles = async (): Promise<void> => {
    if (hasRemoved) return;
    hasRemoved = true;
    for (const id of store.removals()) await removeJobFiles(store, datasetsFolder, id);
  };
  const loop = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      // First a pause: a process that only looks something up takes nothing over.
      await changes.wait(POLL_MS, closing.signal);
      if (closing.signal.aborted) return;
      if (!looking.canTry()) continue;
      try {
        await work();
        looking.succeeded();
      } catch (error) {
        looking.failed();
        log.error({ err: error }, "dataset jobs cannot be looked after");
      }
    }
  };
  const looping = loop();
  return {
    async close() {
      closing.abort();
      await looping;
      for (const { controller } of running.values()) controller.abort(new JobStop("close"));
      await Promise.all([...running.values()].map(({ ended }) => ended));
      lock.release();
    },
  };
}

/** The second half of deleting a job. Throws `storage_failed`; the next runner tries again. */
export async function removeJobFiles(store: JobStore, datasetsFolder: string, id: string): Promise<void> {
  const folder = path.join(datasetsFolder, id);
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    throw toStorageError(error, "dataset folder", folder);
  }
  store.noteRemoved(id);
}
