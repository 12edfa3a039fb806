import type { Clock } from "../../../../lib/clock.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { type DesignJob, type JobEvent, hasEnded } from "../designer.ts";
import type { Changes } from "./changes.ts";
import { POLL_MS } from "./job-runner.ts";
import { toJob } from "./job-row.ts";
import type { JobStore } from "./job-store.ts";

const BATCH = 200;

export interface FollowOptions {
  readonly store: JobStore;
  readonly changes: Changes;
  readonly clock: Clock;
  /** Aborts when the designer is closed. */
  readonly closing: AbortSignal;
}

/** Every event of the job after `after`, as it comes, until the job has ended, is deleted, or somebody stops. */
export async function* followEvents(
  { store, changes, closing }: FollowOptions,
  id: string,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
): AsyncGenerator<JobEvent> {
  const stop = AbortSignal.any([signal, closing]);
  let last = after;
  while (!stop.aborted) {
    // What comes while the events below are read wakes this wait, so that none is seen late.
    const change = new AbortController();
    const changed = changes.wait(POLL_MS, AbortSignal.any([stop, change.signal]));
    try {
      const row = store.get(id);
      if (row === undefined) return;
      const events = store.eventsAfter(row.number, last, BATCH);
      for (const event of events) {
        if (stop.aborted) return;
        last = event.seq;
        yield event;
      }
      if (events.length === BATCH) continue;
      // The status was read before the events: all that belong to the end are among them.
      if (hasEnded(row.status)) return;
      await changed;
    } finally {
      change.abort();
    }
  }
}

export interface WaitOptions {
  readonly version: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The job as soon as it differs from `version`. Throws `not_found`, also when it is deleted meanwhile, and the signal's reason. */
export async function waitForJobChange(
  { store, changes, clock, closing }: FollowOptions,
  id: string,
  { version, timeoutMs, signal }: WaitOptions,
): Promise<DesignJob> {
  const stop = AbortSignal.any([signal, closing]);
  const endsAt = clock.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const row = store.get(id);
    if (row === undefined) throw new ServiceError("not_found", `there is no job "${id}"`);
    const leftMs = endsAt - clock.now();
    if (row.version > version || hasEnded(row.status) || leftMs <= 0) return toJob(row);
    await changes.wait(Math.min(POLL_MS, leftMs), stop);
    if (closing.aborted) return toJob(row);
  }
}
