import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, expect, it } from "vitest";

import { ServiceError } from "../../lib/errors.ts";
import { createFolderOf, guardStorage, toStorageError } from "../../lib/storage.ts";

const folder = mkdtempSync(path.join(tmpdir(), "nemops-storage-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ["SQLITE_FULL", /disk is full; free some space/],
  ["ENOSPC", /disk is full/],
  ["SQLITE_READONLY_DIRECTORY", /cannot be written; .*NEMOPS_HOME/],
  ["EROFS", /cannot be written/],
  ["EACCES", /cannot be written/],
  ["SQLITE_CANTOPEN", /cannot be opened or created; .*NEMOPS_HOME/],
  ["ENOTDIR", /cannot be opened or created/],
  ["SQLITE_BUSY", /another process holds it/],
  ["SQLITE_CORRUPT", /damaged/],
  ["SQLITE_NOTADB", /not a database/],
  ["SQLITE_IOERR_WRITE", /the disk reported an error/],
])("says what %s means, with the file and the cause", (code, remedy) => {
  const cause = Object.assign(new Error("as told by the system"), { code });
  const error = toStorageError(cause, "alert book", "/home/x/alerts.sqlite");
  expect(error).toMatchObject({ code: "storage_failed", cause });
  expect(String(error)).toMatch(remedy);
  expect(String(error)).toMatch(/alert book \/home\/x\/alerts\.sqlite: .*\(as told by the system\)/);
});

it("leaves other failures as they are", () => {
  const other = new TypeError("a mistake of ours");
  const ours = new ServiceError("alert_not_found", "no such alert");
  expect(toStorageError(other, "x", "y")).toBe(other);
  expect(toStorageError(ours, "x", "y")).toBe(ours);
  expect(() =>
    guardStorage("x", "y", () => {
      throw other;
    }),
  ).toThrow(other);
});

it("creates the folders above a file, and is content when they are there", () => {
  const file = path.join(folder, "a", "b", "c.sqlite");
  createFolderOf(file);
  createFolderOf(file);
  expect(statSync(path.dirname(file)).isDirectory()).toBe(true);
});

it("fails at once where a folder cannot be made", () => {
  const file = path.join(folder, "occupied");
  writeFileSync(file, "");
  expect(() => createFolderOf(path.join(file, "deep", "x.sqlite"))).toThrow(/ENOTDIR/);
  // A recursive mkdir never comes back from here.
  expect(() => createFolderOf("/proc/nemops/deep/x.sqlite")).toThrow(/ENOENT|EACCES|EPERM/);
});
