import path from "node:path";

import { newUuid } from "../../lib/ids.ts";
import { createRunLock } from "../../lib/run-lock.ts";

/** The right to execute the runs of a store. It ends with its process, whatever ends that. */
export interface RunGuard {
  /** What is guarded, for messages. */
  readonly subject: string;
  /** This process as the owner of runs. It is another one after the right was lost and taken again. */
  readonly owner: string;
  /** Whether several processes have the right at the same time and share the runs; else it is one process's alone. */
  readonly isShared: boolean;
  /** True when this process has the right, or gets it now. Throws `storage_failed`. */
  tryAcquire(): Promise<boolean>;
  /**
   * Called when others took this process for dead and may have taken over its runs; it has the right again, as another
   * owner, and must let go of what it executes.
   */
  onLost(listener: (reason: string) => void): void;
  /** Says that this process lives. False when others took it for dead before; it is another owner from then on. */
  isAlive(): Promise<boolean>;
  /** Leaves the runs of processes that died to those that claim them; true when there were such processes. */
  reap(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Of the SQLite files of a home: a lock of the operating system, which cannot be lost. One process has it at a time: two
 * that executed the same runs would take up each other's after a restart and do everything twice.
 */
export function createFileRunGuard(home: string): RunGuard {
  const lock = createRunLock(path.join(home, "runs.lock"));
  return {
    ...SOLE,
    subject: `NEMOPS_HOME ${home}`,
    owner: newUuid(),
    tryAcquire: async () => lock.tryAcquire(),
    release: async () => lock.release(),
  };
}

/** For a store that no other process can open. */
export function createSoleRunGuard(): RunGuard {
  return {
    ...SOLE,
    subject: "a store of its own",
    owner: newUuid(),
    tryAcquire: () => Promise.resolve(true),
    release: () => Promise.resolve(),
  };
}

const SOLE = {
  isShared: false,
  onLost: () => undefined,
  isAlive: () => Promise.resolve(true),
  reap: () => Promise.resolve(false),
} as const;
