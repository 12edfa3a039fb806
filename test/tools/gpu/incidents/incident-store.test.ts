import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, expect, it } from "vitest";

import { openIncidentStore } from "../../../../tools/gpu/incidents/incident-store.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-store-"));
  folders.push(folder);
  return folder;
}

it("keeps vectors bit for bit per model", () => {
  const file = path.join(newFolder(), "deep", "incidents.sqlite");
  const vector = Float32Array.of(0.25, -1.5, 1e-7);
  const store = openIncidentStore(file);
  store.saveVectors("m1", [{ text: "a", vector }]);
  store.close();
  const again = openIncidentStore(file);
  expect(again.vector("m1", "a")).toEqual(vector);
  expect(again.vector("m2", "a")).toBeUndefined();
  expect(again.vector("m1", "b")).toBeUndefined();
  again.close();
});

it("names the path and the setting when the folder cannot be written", () => {
  const file = path.join(newFolder(), "occupied");
  writeFileSync(file, "");
  expect(() => openIncidentStore(path.join(file, "incidents.sqlite"))).toThrow(/occupied.*NEMOPS_HOME/);
});

it("refuses a file that is not a database", () => {
  const file = path.join(newFolder(), "incidents.sqlite");
  writeFileSync(file, "not a database, ".repeat(400));
  expect(() => openIncidentStore(file)).toThrow(expect.objectContaining({ code: "storage_failed" }));
});
