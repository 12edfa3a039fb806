import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";

import { compileSeedRows } from "../../../engine/data/seed-rows.ts";
import { tableRows } from "../../../engine/data/table-rows.ts";
import type { ColumnData, Table } from "../../../engine/data/table.ts";
import { createSqlClient } from "../../../tools/data/datasets/sql-client.ts";
import { readParquetSeed } from "../../../tools/data/read-parquet-seed.ts";
import { readSeedRows } from "../../../tools/data/read-seed.ts";
import { encodeParquet } from "../../../tools/data/writers/parquet.ts";

let folder: string;
beforeAll(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), "nemops-seed-")), "allowed");
  mkdirSync(folder);
  writeFileSync(path.join(folder, "..", "secret.csv"), "a\n1\n");
  symlinkSync("../secret.csv", path.join(folder, "link.csv"));
  mkdirSync(path.join(folder, "folder.csv"));
});

const read = (file: string, content?: string, maxBytes?: number): Promise<Table> => {
  if (content !== undefined) writeFileSync(path.join(folder, file), content);
  return readSeedRows({ file, allowedFolder: folder, ...(maxBytes === undefined ? {} : { maxBytes }) });
};
const plain = (table: Table): unknown => tableRows(table).map((row) => ({ ...row }));

describe("readSeedRows", () => {
  it("reads CSV with quotes, missing values, and numbers where the whole column has them", async () => {
    const text = '\uFEFFcode,n,text,ok\r\n007,1.5,"a, ""b""\nc",true\r\n010,,"",false\r\n\r\n';
    expect(plain(await read("a.csv", text))).toEqual([
      { code: "007", n: 1.5, text: 'a, "b"\nc', ok: true },
      { code: "010", n: null, text: "", ok: false },
    ]);
  });

  it.each([
    ["b.json", '[{"a":1},{"b":{"c":2}}]'],
    ["b.jsonl", '{"a":1}\n\n{"b":{"c":2}}\n'],
  ])("reads %s with missing columns as missing values", async (file, text) => {
    expect(plain(await read(file, text))).toEqual([
      { a: 1, b: null },
      { a: null, b: { c: 2 } },
    ]);
  });

  it.each([
    ["c.csv", "", "it is empty"],
    ["c.csv", "a,b\n", "it has no rows"],
    ["c.csv", "a,b\n1,2\n3\n", "line 3 has 1 fields, the header 2"],
    ["c.csv", 'a,b\n"x\ny",2\n3,4,5\n', "line 4 has 3 fields"],
    ["c.csv", 'a\n"x\n', "line 2: a quote is not closed"],
    ["c.csv", 'a\nx"y\n', "a quote stands within a field"],
    ["c.csv", "a,a\n1,2\n", 'column "a" comes twice'],
    ["c.json", "{}", "must be an array"],
    ["c.json", "[1]", "entry 1 is no object"],
    ["c.jsonl", '{"a":1}\nnonsense\n', "line 2: "],
    ["c.xlsx", "x", '".xlsx" is not read; known are .csv, .json'],
  ])("refuses %s %j: %s", async (file, text, message) => {
    await expect(read(file, text)).rejects.toMatchObject({
      code: "unreadable_input",
      message: expect.stringContaining(message) as string,
    });
  });

  it("reads Parquet of its own and of other writers, with or without DuckDB", async () => {
    const columns = new Map<string, ColumnData>([
      ["n", { type: "int", values: Float64Array.of(3, 1, 2) }],
      ["name", { type: "text", values: ["Ada", "Eve", ""], isNull: Uint8Array.of(0, 0, 1) }],
    ]);
    const file = path.join(folder, "own.parquet");
    writeFileSync(file, encodeParquet({ rowCount: 3, columns }));
    const expected = [
      { n: 3, name: "Ada" },
      { n: 1, name: "Eve" },
      { n: 2, name: null },
    ];
    expect(plain(await read("own.parquet"))).toEqual(expected);
    await using handle = await open(file);
    const absent = () => createSqlClient({ timeoutMs: 5_000, module: "no-such-package" });
    const rows = await readParquetSeed({ handle, real: file }, { client: absent() });
    expect(rows.map((row) => ({ ...row }))).toEqual(expected);

    const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
    const other = path.join(folder, "other.parquet");
    await duckdb.run(`COPY (SELECT 'a' || i AS code, i::DECIMAL(9,2) AS price, DATE '2026-01-05' AS day
      FROM range(3) t(i)) TO '${other}' (FORMAT parquet, COMPRESSION zstd)`);
    expect(plain(await read("other.parquet"))).toMatchObject([
      { code: "a0", day: "2026-01-05" },
      { code: "a1", day: "2026-01-05" },
      { code: "a2", day: "2026-01-05" },
    ]);
    const few = readParquetSeed({ handle, real: other }, { maxRows: 2 });
    await expect(few).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(read("torn.parquet", "PAR1 nonsense PAR1")).rejects.toMatchObject({
      code: "unreadable_input",
      message: expect.stringMatching(/^seed file torn.parquet: no readable Parquet file/) as string,
    });
    await using torn = await open(path.join(folder, "torn.parquet"));
    const real = path.join(folder, "torn.parquet");
    await expect(readParquetSeed({ handle: torn, real }, { client: absent() })).rejects.toMatchObject({
      code: "unreadable_input",
      message: expect.stringContaining("npm install @duckdb/node-api") as string,
    });
  });

  it("refuses what is missing, too large, or a folder", async () => {
    await expect(read("none.csv")).rejects.toMatchObject({ code: "not_found" });
    await expect(read("d.csv", "a\n123456\n", 5)).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(read("folder.csv")).rejects.toMatchObject({ code: "unreadable_input" });
  });

  it.each(["../secret.csv", "link.csv", "/etc/none.csv", "../does-not-exist.csv"])(
    "refuses %s, which lies outside of the allowed folder, whether it exists or not",
    async (file) => {
      await expect(read(file)).rejects.toMatchObject({ code: "forbidden" });
    },
  );
});

describe("compileSeedRows", () => {
  const rows: Table = {
    rowCount: 10,
    columns: new Map([["n", { type: "int", values: Float64Array.from({ length: 10 }, (_, at) => at) }]]),
  };
  const numbers = (
    config: Partial<Parameters<typeof compileSeedRows>[0]["config"]>,
    rowCount: number,
    firstRow = 0,
  ): unknown[] => {
    const whole = { sampling_strategy: "ordered" as const, selection_strategy: null, ...config };
    const table = compileSeedRows({ config: whole, rows, seed: 1 })({ firstRow, rowCount });
    return tableRows(table).map((row) => row["n"]);
  };

  it("goes round when more rows are asked for than there are", () => {
    expect(numbers({}, 12)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(numbers({}, 3, 9)).toEqual([9, 0, 1]);
  });

  it("takes a range with both ends, and partitions whose last one has the rest", () => {
    expect(numbers({ selection_strategy: { start: 2, end: 4 } }, 5)).toEqual([2, 3, 4, 2, 3]);
    expect(numbers({ selection_strategy: { index: 0, num_partitions: 3 } }, 4)).toEqual([0, 1, 2, 0]);
    expect(numbers({ selection_strategy: { index: 2, num_partitions: 3 } }, 4)).toEqual([6, 7, 8, 9]);
  });

  it("shuffles the same way for every range, each row once in a round", () => {
    const order = numbers({ sampling_strategy: "shuffle" }, 10);
    expect(order).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...order].sort((left, right) => Number(left) - Number(right))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(numbers({ sampling_strategy: "shuffle" }, 4, 8)).toEqual([...order.slice(8), ...order.slice(0, 2)]);
  });

  it.each([
    [{ start: 2, end: 10 }, "end is at most 9"],
    [{ index: 0, num_partitions: 11 }, "partition 0 of 11 is empty"],
  ])("refuses %j", (selection_strategy, message) => {
    expect(() => numbers({ selection_strategy }, 1)).toThrow(message);
  });
});
