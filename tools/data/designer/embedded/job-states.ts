import type { JobStatus } from "../designer.ts";

/**
 * Where a job can go from each status; nothing else ever happens to it. `active` goes back to `pending` when the process
 * that works on it ends, and `error` when a person or a second request asks to go on. The built-in engine does not pause.
 */
const NEXT: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  created: ["pending", "cancelled"],
  pending: ["active", "cancelled"],
  active: ["completed", "error", "cancelling", "pending"],
  cancelling: ["cancelled"],
  cancelled: [],
  completed: [],
  error: ["pending"],
  paused: [],
  pausing: [],
  resuming: [],
};

export function canBecome(from: JobStatus, to: JobStatus): boolean {
  return NEXT[from].includes(to);
}
