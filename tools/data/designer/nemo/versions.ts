import type { WireJob } from "./wire.ts";

/** Jobs whose last state is remembered; the one that was asked for longest ago is forgotten first. */
const MAX_JOBS = 1_000;

/**
 * Numbers the states of a job: services have none to compare. A new state gets a number above the last one, and at least
 * the time of its change in milliseconds, so that the numbers also rise from one process to the next.
 */
export interface JobVersions {
  of(id: string, job: WireJob): number;
  forget(id: string): void;
}

export function createJobVersions(): JobVersions {
  const known = new Map<string, { version: number; state: string }>();
  return {
    of: (id, job) => {
      const state = JSON.stringify([job.status, job.status_details, job.error_details, job.updated_at]);
      const last = known.get(id);
      known.delete(id);
      const changedAt = Date.parse(job.updated_at ?? job.created_at ?? "");
      const floor = Number.isNaN(changedAt) ? 1 : changedAt;
      const version =
        last === undefined ? floor : last.state === state ? last.version : Math.max(last.version + 1, floor);
      known.set(id, { version, state });
      const [oldest] = known.keys();
      if (known.size > MAX_JOBS && oldest !== undefined) known.delete(oldest);
      return version;
    },
    forget: (id) => void known.delete(id),
  };
}
