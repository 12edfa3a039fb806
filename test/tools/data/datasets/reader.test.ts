import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../../../lib/clock.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { decodeParquet } from "../../../../tools/data/writers/parquet.ts";
import { type DatasetReader, createDatasetReader } from "../../../../tools/data/datasets/reader.ts";
import type { RowFilter } from "../../../../tools/data/datasets/row-query.ts";
import { makeDataset } from "./make-dataset.ts";

const home = mkdtempSync(path.join(tmpdir(), "nemops-datasets-"));
const designer = {
  datasetFolder: (id: string): Promise<string> =>
    id === "nope" ? Promise.reject(new ServiceError("not_found", "no job nope")) : Promise.resolve(path.join(home, id)),
};
let reader: DatasetReader;

beforeAll(async () => {
  await makeDataset(path.join(home, "trees"), 7);
  await makeDataset(path.join(home, "other"), 8);
  reader = createDatasetReader({ designer, sqlTimeoutMs: 10_000, clock: systemClock });
});
afterAll(async () => {
  await reader.close();
  rmSync(home, { recursive: true });
});

const page = (query: { offset?: number; limit?: number; sort?: string; filter?: RowFilter } = {}) =>
  reader.rows("trees", { offset: 0, limit: 1_000, ...query });

describe("plain pages", () => {
  it("are the rows of the files in their order, across row groups", async () => {
    const files = readdirSync(path.join(home, "trees", "parquet-files")).toSorted();
    const kinds = files.flatMap((name) => {
      const column = decodeParquet(readFileSync(path.join(home, "trees", "parquet-files", name))).columns.get("id");
      return column?.type === "text" ? [...column.values] : [];
    });
    const { rows, total } = await page({ offset: 95, limit: 110 });
    expect(total).toBe(250);
    expect(rows.map((row) => row["id"])).toEqual(kinds.slice(95, 205));
    expect(Object.keys(rows[0] ?? {})).toEqual(["id", "kind", "qty", "price", "is_big", "owner"]);
    expect(rows[0]).toMatchObject({ is_big: expect.any(Boolean), owner: { first_name: expect.any(String) } });
  });

  it("are short at the end and empty after it", async () => {
    expect((await page({ offset: 245, limit: 50 })).rows).toHaveLength(5);
    expect(await page({ offset: 250, limit: 50 })).toMatchObject({ rows: [], total: 250, offset: 250, limit: 50 });
  });

  it("do not need DuckDB, and say how to get it where it is needed", async () => {
    const bare = createDatasetReader({
      designer,
      sqlTimeoutMs: 10_000,
      clock: systemClock,
      sqlModule: "@duckdb/not-installed",
    });
    try {
      expect((await bare.rows("trees", { offset: 0, limit: 1 })).rows).toHaveLength(1);
      await expect(bare.rows("trees", { offset: 0, limit: 1, sort: "qty" })).rejects.toMatchObject({
        code: "not_supported",
        message: expect.stringContaining("npm install @duckdb/node-api"),
      });
    } finally {
      await bare.close();
    }
  });
});

describe("sorted and filtered pages", () => {
  it("sort by several columns, and pages neither overlap nor miss a row", async () => {
    const whole = await page({ sort: "-kind,qty" });
    const parts = [0, 60, 120, 180, 240].map((offset) => page({ sort: "-kind,qty", offset, limit: 60 }));
    const joined = (await Promise.all(parts)).flatMap(({ rows }) => rows);
    expect(joined).toEqual(whole.rows);
    expect(new Set(joined.map((row) => row["id"])).size).toBe(250);
    // "Oak" first, and within a kind the smallest quantity: one number that rises.
    const keys = whole.rows.map(
      ({ kind, qty }) => ["Oak", "Birch", "Ash"].indexOf(kind as string) * 1_000 + Number(qty),
    );
    expect(keys).toEqual(keys.toSorted((left, right) => left - right));
    expect(new Set(keys).size).toBeGreaterThan(10);
  });

  it("give the same values as plain pages, objects included", async () => {
    const byId = new Map((await page()).rows.map((row) => [row["id"], row]));
    for (const row of (await page({ sort: "price", limit: 20 })).rows) expect(row).toEqual(byId.get(row["id"] ?? ""));
  });

  it.each<[string, RowFilter, (row: Record<string, unknown>) => boolean]>([
    ["eq", [{ column: "kind", op: "eq", value: "Oak" }], (row) => row["kind"] === "Oak"],
    ["ne", [{ column: "kind", op: "ne", value: "Oak" }], (row) => row["kind"] !== "Oak"],
    ["lt", [{ column: "qty", op: "lt", value: 2 }], (row) => Number(row["qty"]) < 2],
    ["le", [{ column: "qty", op: "le", value: 2 }], (row) => Number(row["qty"]) <= 2],
    ["gt", [{ column: "price", op: "gt", value: 50.5 }], (row) => Number(row["price"]) > 50.5],
    ["ge", [{ column: "qty", op: "ge", value: 4 }], (row) => Number(row["qty"]) >= 4],
    ["contains", [{ column: "kind", op: "contains", value: "IRC" }], (row) => row["kind"] === "Birch"],
    ["in", [{ column: "kind", op: "in", value: ["Oak", "Ash"] }], (row) => row["kind"] !== "Birch"],
    ["is_null", [{ column: "kind", op: "is_null", value: true }], () => false],
    ["not is_null", [{ column: "owner", op: "is_null", value: false }], () => true],
    [
      "two conditions",
      [
        { column: "is_big", op: "eq", value: true },
        { column: "kind", op: "eq", value: "Ash" },
      ],
      (row) => row["is_big"] === true && row["kind"] === "Ash",
    ],
  ])("filter by %s", async (_what, filter, holds) => {
    const wanted = (await page()).rows.filter(holds);
    const { rows, total } = await page({ filter, limit: 1_000 });
    expect(rows).toEqual(wanted);
    expect(total).toBe(wanted.length);
  });

  it.each<[string, { sort?: string; filter?: RowFilter }, RegExp]>([
    ["an unknown column to sort by", { sort: "-prise" }, /no column "prise"; did you mean "price"\?.*qty/],
    ["an unknown column to filter by", { filter: [{ column: "x", op: "eq", value: 1 }] }, /filter\[0\].*no column "x"/],
    ["text against a number", { filter: [{ column: "qty", op: "eq", value: "3" }] }, /"qty" is int.*a number/],
    ["a comparison of objects", { filter: [{ column: "owner", op: "eq", value: "3" }] }, /holds JSON; use contains/],
    ["too many columns to sort by", { sort: "qty,qty,qty,qty,qty,qty" }, /at most 5/],
  ])("refuse %s", async (_what, query, message) => {
    await expect(page(query)).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringMatching(message),
    });
  });

  it("treat names and values as data, never as SQL", async () => {
    const value = `'; DROP VIEW dataset; --`;
    expect((await page({ filter: [{ column: "kind", op: "eq", value }] })).rows).toEqual([]);
    await expect(page({ sort: `kind" DESC; SELECT 1; --` })).rejects.toMatchObject({ code: "invalid_input" });
  });
});

describe("the schema and the profile", () => {
  it("name the columns with their types and what makes them", async () => {
    expect(await reader.schema("trees")).toEqual([
      { name: "id", type: "string", columnType: "sampler" },
      { name: "kind", type: "string", columnType: "sampler" },
      { name: "qty", type: "int", columnType: "sampler" },
      { name: "price", type: "float", columnType: "sampler" },
      { name: "is_big", type: "bool", columnType: "expression" },
      { name: "owner", type: "json", columnType: "sampler" },
    ]);
    expect(await reader.profile("trees")).toMatchObject({ num_records: 250 });
  });

  it("are not found for an unknown dataset and for one without rows", async () => {
    mkdirSync(path.join(home, "empty"), { recursive: true });
    for (const id of ["nope", "empty"]) {
      await expect(reader.schema(id)).rejects.toMatchObject({ code: "not_found" });
      await expect(reader.rows(id, { offset: 0, limit: 1 })).rejects.toMatchObject({ code: "not_found" });
      await expect(reader.profile(id)).rejects.toMatchObject({ code: "not_found" });
    }
  });

  it.each([
    ["a file", "parquet-files/batch_00001.parquet", "PAR1 not at all"],
    ["the metadata", "metadata.json", '{"row_groups": 3}'],
  ])("name what is damaged: %s", async (_what, file, content) => {
    const folder = path.join(home, "damaged");
    cpSync(path.join(home, "trees"), folder, { recursive: true });
    writeFileSync(path.join(folder, file), content);
    await expect(reader.rows("damaged", { offset: 100, limit: 1 })).rejects.toMatchObject({
      code: "unreadable_input",
      message: expect.stringContaining(path.basename(file)),
    });
    rmSync(folder, { recursive: true });
  });
});

describe("files of another writer", () => {
  beforeAll(async () => {
    const folder = path.join(home, "foreign");
    const file = path.join(folder, "parquet-files", "batch_00000.parquet");
    mkdirSync(path.dirname(file), { recursive: true });
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT range::INTEGER AS n, range / 4 AS share, DATE '2024-01-01' + range::INTEGER AS day, [range, NULL] AS list
       FROM range(30)) TO '${file}'`,
    );
    connection.closeSync();
    instance.closeSync();
    writeFileSync(path.join(folder, "metadata.json"), '{"row_groups": [{"id": 0, "num_records": 30}]}');
  });

  it("are read with their own types", async () => {
    expect(await reader.schema("foreign")).toEqual([
      { name: "n", type: "int", columnType: null },
      { name: "share", type: "float", columnType: null },
      { name: "day", type: "other", columnType: null },
      { name: "list", type: "other", columnType: null },
    ]);
    const { rows, total } = await reader.rows("foreign", { offset: 28, limit: 5 });
    expect(total).toBe(30);
    expect(rows).toEqual([
      { n: 28, share: 7, day: "2024-01-29", list: [28, null] },
      { n: 29, share: 7.25, day: "2024-01-30", list: [29, null] },
    ]);
    const found = await reader.rows("foreign", {
      offset: 0,
      limit: 5,
      sort: "-day",
      filter: [{ column: "n", op: "lt", value: 3 }],
    });
    expect(found.rows.map((row) => row["n"])).toEqual([2, 1, 0]);
  });

  it("are not exported, and the answer says what to do", async () => {
    await expect(reader.exportFile("foreign", "csv")).rejects.toMatchObject({
      code: "not_supported",
      message: expect.stringContaining("download the job's result"),
    });
  });
});

describe("exports", () => {
  it("are written once, whole, and kept beside the dataset", async () => {
    const [first, second] = await Promise.all([reader.exportFile("trees", "csv"), reader.exportFile("trees", "csv")]);
    expect(second).toEqual(first);
    const text = readFileSync(first.file, "utf8");
    expect(text.split("\n")).toHaveLength(252);
    expect(first.bytes).toBe(Buffer.byteLength(text));
    writeFileSync(first.file, "kept");
    expect((await reader.exportFile("trees", "csv")).bytes).toBe(4);
    expect(readdirSync(path.dirname(first.file))).toEqual(["dataset-250.csv"]);
  });

  it("hold the same rows in every format", async () => {
    const { rows } = await page();
    const jsonl = await reader.exportFile("trees", "jsonl");
    const lines = readFileSync(jsonl.file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows);
    const parquet = await reader.exportFile("trees", "parquet");
    expect(decodeParquet(readFileSync(parquet.file)).rowCount).toBe(250);
  });
});
