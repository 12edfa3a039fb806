import { createHash } from "node:crypto";

import Database from "better-sqlite3";

import { ServiceError } from "../../../lib/errors.ts";
import { createFolderOf, guardStorage, toStorageError } from "../../../lib/storage.ts";
import { IndexedIncident } from "./seed-incidents.ts";

/** Added incidents and the vectors made so far, so that neither is lost or made again after a restart. */
export interface IncidentStore {
  list(): readonly IndexedIncident[];
  /** Throws `already_exists` when the id is taken. */
  insert(incident: IndexedIncident): void;
  vector(model: string, text: string): Float32Array | undefined;
  saveVectors(model: string, rows: readonly { text: string; vector: Float32Array }[]): void;
  close(): void;
}

const WHAT = "incident store";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS incidents (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS vectors (
    model TEXT NOT NULL, text_hash TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, text_hash)
  ) STRICT, WITHOUT ROWID;
`;

/** `file` may be `:memory:`. Throws ServiceError `storage_failed` with the path when it cannot be opened or written. */
export function openIncidentStore(file: string): IncidentStore {
  const database = guard(file, () => {
    if (file !== ":memory:") createFolderOf(file);
    const opened = new Database(file);
    opened.pragma("journal_mode = WAL");
    opened.pragma("busy_timeout = 5000");
    opened.exec(SCHEMA);
    return opened;
  });
  const selectIncidents = database.prepare<[], { body: string }>("SELECT body FROM incidents ORDER BY id");
  const insertIncident = database.prepare("INSERT INTO incidents (id, body) VALUES (?, ?)");
  const selectVector = database.prepare<[string, string], { vector: Buffer }>(
    "SELECT vector FROM vectors WHERE model = ? AND text_hash = ?",
  );
  const insertVector = database.prepare("INSERT OR REPLACE INTO vectors (model, text_hash, vector) VALUES (?, ?, ?)");

  return {
    list: () => guard(file, () => selectIncidents.all().map(({ body }) => IndexedIncident.parse(JSON.parse(body)))),
    insert(incident) {
      try {
        insertIncident.run(incident.id, JSON.stringify(incident));
      } catch (error) {
        if (error instanceof Database.SqliteError && error.code === "SQLITE_CONSTRAINT_PRIMARYKEY") {
          throw new ServiceError("already_exists", `incident ${incident.id} exists already; choose another id`);
        }
        throw toStorageError(error, WHAT, file);
      }
    },
    vector(model, text) {
      const row = guard(file, () => selectVector.get(model, textHash(text)));
      if (!row) return undefined;
      // Copied, because a Float32Array needs 4-byte alignment, which a pooled Buffer does not promise.
      return new Float32Array(Uint8Array.from(row.vector).buffer);
    },
    saveVectors(model, rows) {
      guard(file, () =>
        database.transaction(() => {
          for (const { text, vector } of rows) {
            insertVector.run(model, textHash(text), Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength));
          }
        })(),
      );
    },
    close: () => database.close(),
  };
}

/** The key a text's vector is kept under. */
export function textHash(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

function guard<Value>(file: string, work: () => Value): Value {
  return guardStorage(WHAT, file, work);
}
