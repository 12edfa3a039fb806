import { toStorageError as translate } from "../../lib/storage.ts";

/** Failures of the service's own SQLite files, as `storage_failed`; anything else is passed through as it is. */
export function toStorageError(error: unknown, path: string): unknown {
  return translate(error, "database", path);
}
