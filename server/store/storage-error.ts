import { ServiceError, errorMessage } from "../../lib/errors.ts";

/** What the codes of SQLite mean for the person who runs the service. */
const ADVICE: Readonly<Record<string, string>> = {
  SQLITE_FULL: "the disk is full; free space and try again",
  SQLITE_READONLY: "the file is read-only; give the service write access to its home folder (NEMOPS_HOME)",
  SQLITE_CANTOPEN:
    "the file cannot be opened; check that the home folder (NEMOPS_HOME) exists and is writable by this user",
  SQLITE_IOERR: "the disk reported an error",
  SQLITE_BUSY: "another process holds the file; let only one service use a home folder",
  SQLITE_LOCKED: "another process holds the file; let only one service use a home folder",
  SQLITE_CORRUPT: "the file is damaged; restore it from a backup",
  SQLITE_NOTADB: "the file is not a database; move it away or restore it from a backup",
};

/** Foreign storage failures become `storage_failed`; anything else is passed through as it is. */
export function toStorageError(error: unknown, path: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== "string") return error;
  const family = Object.keys(ADVICE).find((name) => code === name || code.startsWith(`${name}_`));
  const advice = family === undefined ? fileAdvice(code) : ADVICE[family];
  if (advice === undefined) return error;
  return new ServiceError("storage_failed", `database ${path}: ${advice} (${errorMessage(error)})`, { cause: error });
}

function fileAdvice(code: string): string | undefined {
  if (code === "ENOSPC") return ADVICE["SQLITE_FULL"];
  if (["EACCES", "EPERM", "EROFS"].includes(code)) return ADVICE["SQLITE_READONLY"];
  if (["ENOENT", "ENOTDIR", "EEXIST"].includes(code)) return ADVICE["SQLITE_CANTOPEN"];
  return undefined;
}
