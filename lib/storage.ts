import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";

import { ServiceError, errorMessage } from "./errors.ts";

/** What the codes of SQLite and of the file system mean for the person who runs the service. */
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/^(?:SQLITE_FULL|ENOSPC|EDQUOT)/, "the disk is full; free some space and try again"],
  [
    /^(?:SQLITE_READONLY|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM|EROFS)/,
    "it cannot be written; give this user write access, or set NEMOPS_HOME to a folder that is writable",
  ],
  [
    /^(?:SQLITE_CANTOPEN|ENOENT|ENOTDIR|EEXIST|ELOOP|ENAMETOOLONG)/,
    "it cannot be opened or created; set NEMOPS_HOME to a folder that is writable",
  ],
  [/^(?:SQLITE_BUSY|SQLITE_LOCKED)/, "another process holds it; let only one service use a home folder, or try again"],
  [/^(?:SQLITE_CORRUPT|SQLITE_NOTADB)/, "it is damaged or not a database; move it away or restore it from a backup"],
  [/^(?:SQLITE_IOERR|EIO)/, "the disk reported an error"],
];

/**
 * Failures of SQLite and of the file system become `storage_failed` with the file and the remedy; `what` says what the
 * file is, for example "alert book". Anything else comes back as it is.
 */
export function toStorageError(error: unknown, what: string, file: string): unknown {
  if (error instanceof ServiceError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const remedy = typeof code === "string" ? REMEDIES.find(([pattern]) => pattern.test(code))?.[1] : undefined;
  if (remedy === undefined) return error;
  return new ServiceError("storage_failed", `${what} ${file}: ${remedy} (${errorMessage(error)})`, { cause: error });
}

/** Runs `work` on a file and turns its failures into `storage_failed`. */
export function guardStorage<Result>(what: string, file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw toStorageError(error, what, file);
  }
}

/**
 * Creates the folder of a file with all folders above it. Not `mkdir` with `recursive`: where a folder exists and
 * takes no entries, as `/proc`, that call of Node 24 tries for ever and blocks the process.
 */
export function createFolderOf(file: string): void {
  const missing: string[] = [];
  let folder = path.dirname(path.resolve(file));
  while (!existsSync(folder)) {
    missing.push(folder);
    folder = path.dirname(folder);
  }
  for (const each of missing.toReversed()) {
    try {
      mkdirSync(each);
    } catch (error) {
      // Another process may have made it in between.
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    }
  }
}
