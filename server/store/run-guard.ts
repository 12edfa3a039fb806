import path from "node:path";

import { createRunLock } from "../../lib/run-lock.ts";

/**
 * The right to execute the runs of a store, which one process has at a time: two that executed the same runs would take
 * up each other's after a restart and do everything twice. It ends with its process, whatever ends that.
 */
export interface RunGuard {
  /** What is guarded, for messages. */
  readonly subject: string;
  /** True when this process has the right, or gets it now. Throws `storage_failed`. */
  tryAcquire(): Promise<boolean>;
  /** Calls back once if another process gets the right while this one has it; it must then stop without a word to the store. */
  onLost(listener: (reason: string) => void): void;
  release(): Promise<void>;
}

/** Of the SQLite files of a home: a lock of the operating system, which cannot be lost. */
export function createFileRunGuard(home: string): RunGuard {
  const lock = createRunLock(path.join(home, "runs.lock"));
  return {
    subject: `NEMOPS_HOME ${home}`,
    tryAcquire: async () => lock.tryAcquire(),
    onLost: () => undefined,
    release: async () => lock.release(),
  };
}
