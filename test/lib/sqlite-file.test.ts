import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, expect, it } from "vitest";

import { openSqliteFile } from "../../lib/sqlite-file.ts";

const folder = mkdtempSync(path.join(tmpdir(), "nemops-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FIRST = "CREATE TABLE notes (text TEXT NOT NULL) STRICT";
const SECOND = "ALTER TABLE notes ADD COLUMN author TEXT";

it("applies each migration once, and refuses a file of a newer version", () => {
  const file = path.join(folder, "new", "notes.sqlite");
  const first = openSqliteFile({ what: "notes", file, migrations: [FIRST] });
  first.write(() => first.sqlite.exec("INSERT INTO notes VALUES ('one')"));
  first.close();
  const second = openSqliteFile({ what: "notes", file, migrations: [FIRST, SECOND] });
  expect(second.read(() => second.sqlite.prepare("SELECT text, author FROM notes").all())).toEqual([
    { text: "one", author: null },
  ]);
  second.close();
  expect(() => openSqliteFile({ what: "notes", file, migrations: [FIRST] })).toThrow(/schema 2, this one knows 1/);
});

it("takes back what a failed change did", () => {
  const opened = openSqliteFile({ what: "notes", file: ":memory:", migrations: [FIRST] });
  const change = (): void =>
    opened.write(() => {
      opened.sqlite.exec("INSERT INTO notes VALUES ('one')");
      throw new Error("changed my mind");
    });
  expect(change).toThrow("changed my mind");
  expect(opened.read(() => opened.sqlite.prepare("SELECT count(*) AS count FROM notes").get())).toEqual({ count: 0 });
  opened.close();
});

it("says that it is closed", () => {
  const opened = openSqliteFile({ what: "list of notes", file: ":memory:", migrations: [] });
  opened.close();
  expect(() => opened.read(() => 1)).toThrow("the list of notes is closed: the service stops");
});
