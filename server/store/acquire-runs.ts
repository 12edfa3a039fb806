import type { Clock } from "../../lib/clock.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { RunGuard } from "./run-guard.ts";

export interface AcquireRunsOptions {
  readonly whenTaken: "refuse" | "read";
  readonly clock: Clock;
}

const POLL_MS = 100;
const MAX_POLLS = 20;

/**
 * Whether this process executes the runs. With `refuse` it waits a moment for a predecessor that is just ending, and
 * throws `conflict` when that does not end; with `read` the answer may be false.
 */
export async function acquireRuns(guard: RunGuard, { whenTaken, clock }: AcquireRunsOptions): Promise<boolean> {
  if (await guard.tryAcquire()) return true;
  if (whenTaken === "read") return false;
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    await clock.sleep(POLL_MS);
    if (await guard.tryAcquire()) return true;
  }
  throw new ServiceError(
    "conflict",
    `another NemOps process executes the runs of ${guard.subject}; stop that one, or give this one its own with ` +
      "NEMOPS_HOME, or with another database or schema in DATABASE_URI",
  );
}
