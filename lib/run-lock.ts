import BetterSqlite, { type Database } from "better-sqlite3";

import { createFolderOf, guardStorage } from "./storage.ts";

/** Held by the one process that works on what the file stands for, such as the jobs or the runs of a home. */
export interface RunLock {
  /** True when this process has it, or gets it now; asking again changes nothing. Throws `storage_failed`. */
  tryAcquire(): boolean;
  release(): void;
}

/**
 * A lock of the operating system on a file of its own, as SQLite takes it for an exclusive transaction that nobody
 * ends. Unlike a lease with heartbeats it ends with its process, whatever ends that, and never runs out under a
 * process that is only slow or asleep: two processes cannot both believe that the work is theirs.
 */
export function createRunLock(file: string): RunLock {
  let held: Database | undefined;
  const open = (): Database => {
    createFolderOf(file);
    return new BetterSqlite(file, { timeout: 0 });
  };
  return {
    tryAcquire() {
      if (held !== undefined) return true;
      return guardStorage("lock", file, () => {
        const opened = open();
        try {
          opened.exec("BEGIN EXCLUSIVE");
          held = opened;
          return true;
        } catch (error) {
          opened.close();
          if ((error as { code?: unknown }).code === "SQLITE_BUSY") return false;
          throw error;
        }
      });
    },
    release() {
      held?.close();
      held = undefined;
    },
  };
}
