import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createRunLock } from "../../../../../lib/run-lock.ts";
import { collect, waitUntilEnded } from "../../../../contracts/data-designer.ts";
import { type EmbeddedHome, datasetRows, openHome } from "./open-designer.ts";

let home: EmbeddedHome;
let seeds: string;
beforeEach(() => {
  home = openHome();
  seeds = path.join(home.home, "seeds");
});
afterEach(() => home.cleanUp());

const configWith = (source: object): object => ({
  seed_config: { source },
  columns: [{ column_type: "expression", name: "greeting", expr: "Hello {{ name }}", dtype: "str" }],
});
const local = (file: string): object => configWith({ seed_type: "local", path: file });

function writeSeed(name: string, text: string): void {
  mkdirSync(seeds, { recursive: true });
  writeFileSync(path.join(seeds, name), text);
}

describe("a seed file", () => {
  it("gives its rows to jobs and previews, and its columns to the check of the design", async () => {
    writeSeed("people.csv", "name,age\nAda,36\nAlan,41\n");
    const designer = home.open();
    const { id } = await designer.createJob({ config: local("people.csv"), numRecords: 3 });
    expect((await waitUntilEnded(designer, id)).status).toBe("completed");
    expect((await datasetRows(designer, id)).map((row) => row["greeting"])).toEqual([
      "Hello Ada",
      "Hello Alan",
      "Hello Ada",
    ]);
    const messages = await collect(designer.preview({ config: local("people.csv"), numRecords: 1 }));
    const dataset = messages.find((message) => message.kind === "dataset");
    expect(dataset?.records).toMatchObject([{ name: "Ada", greeting: "Hello Ada" }]);
    const clash = { ...local("people.csv"), columns: [{ column_type: "expression", name: "age", expr: "{{ name }}" }] };
    await expect(designer.createJob({ config: clash, numRecords: 3 })).rejects.toMatchObject({
      code: "invalid_input",
      data: { violations: [expect.objectContaining({ type: "seed_column_collision", column: "age" })] },
    });
  });

  it("that was changed after the job was created ends the job", async () => {
    writeSeed("people.csv", "name\nAda\n");
    const lock = createRunLock(path.join(home.home, "datasets.lock"));
    lock.tryAcquire();
    const designer = home.open();
    const { id } = await designer.createJob({ config: local("people.csv"), numRecords: 3 });
    writeSeed("people.csv", "name\nEve\n");
    lock.release();
    expect(await waitUntilEnded(designer, id)).toMatchObject({
      status: "error",
      errorDetails: { code: "invalid_input", message: expect.stringContaining("the seed file has changed") as string },
    });
  });

  it("outside of the folder is refused, also behind a link", async () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), "nemops-elsewhere-"));
    writeFileSync(path.join(elsewhere, "secret.csv"), "name\nAda\n");
    mkdirSync(seeds, { recursive: true });
    symlinkSync(path.join(elsewhere, "secret.csv"), path.join(seeds, "link.csv"));
    const designer = home.open();
    for (const file of [path.join(elsewhere, "secret.csv"), "../seeds/../../secret.csv", "link.csv"]) {
      const created = designer.createJob({ config: local(file), numRecords: 3 });
      await expect(created).rejects.toMatchObject({ code: "forbidden" });
    }
    rmSync(elsewhere, { recursive: true });
  });

  it.each([
    ["is missing", "missing.csv", "invalid_input", /does not exist/],
    ["is empty", "empty.csv", "unreadable_input", /seed file empty.csv/],
    ["is ragged", "ragged.csv", "unreadable_input", /line 3/],
    ["is of another kind", "seeds.xlsx", "unreadable_input", /".xlsx" is not read/],
  ])("that %s is refused before anything is stored", async (_, file, code, message) => {
    writeSeed("empty.csv", "");
    writeSeed("ragged.csv", "a,b\n1,2\n3\n");
    const designer = home.open();
    const created = designer.createJob({ config: local(file), numRecords: 3 });
    await expect(created).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect((await designer.list({ page: 1, pageSize: 1, sort: "created_at" })).total).toBe(0);
  });

  it("cannot be there when its folder is not, which is said", async () => {
    const created = home.open().createJob({ config: local("people.csv"), numRecords: 3 });
    await expect(created).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining(`the folder ${seeds} does not exist`) as string,
    });
  });

  it("of a hub is not read by the built-in engine", async () => {
    const designer = home.open();
    const config = configWith({ seed_type: "hf", path: "datasets/x/y.csv" });
    await expect(designer.createJob({ config, numRecords: 3 })).rejects.toMatchObject({ code: "invalid_input" });
    const preview = collect(designer.preview({ config, numRecords: 3 }));
    await expect(preview).rejects.toMatchObject({ code: "invalid_input" });
  });
});
