import { mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { concatTables, sliceTable } from "../../../../engine/data/table-parts.ts";
import { tableRows } from "../../../../engine/data/table-rows.ts";
import type { ColumnData, Table } from "../../../../engine/data/table.ts";
import { openAtomicFile, writeFileAtomically } from "../../../../tools/data/writers/atomic-file.ts";
import { encodeCsv, encodeCsvHeader } from "../../../../tools/data/writers/csv.ts";
import { encodeJsonl } from "../../../../tools/data/writers/jsonl.ts";
import { createParquetMerger } from "../../../../tools/data/writers/merge-parquet.ts";
import { decodeParquet, encodeParquet } from "../../../../tools/data/writers/parquet.ts";

const plain = (table: Table): Record<string, unknown>[] => tableRows(table).map((row) => ({ ...row }));

const TABLE: Table = {
  rowCount: 4,
  columns: new Map<string, ColumnData>([
    ["n", { type: "int", values: Float64Array.of(-1, 2 ** 53 - 1, 7, -(2 ** 40)), isNull: Uint8Array.of(0, 0, 1, 0) }],
    ["x", { type: "float", values: Float64Array.of(3, -0.25, Number.NaN, 1e300) }],
    ["ok", { type: "bool", values: Uint8Array.of(1, 0, 1, 0), isNull: Uint8Array.of(0, 1, 0, 0) }],
    [
      't, "q"',
      { type: "text", values: ['say "hi"', "", "zwei\nZeilen", "é 😀 \uD800"], isNull: Uint8Array.of(0, 0, 0, 0) },
    ],
    [
      "c",
      { type: "category", codes: Int32Array.of(1, 0, 1, 1), values: ["ä", " b"], isNull: Uint8Array.of(0, 0, 0, 1) },
    ],
    ["d", { type: "time", seconds: Float64Array.of(0, 86_400, 0, 1), format: "%Y-%m-%d" }],
    ["j", { type: "json", values: [{ a: [1, null] }, null, "x,y", 2] }],
  ]),
};

describe("encodeJsonl", () => {
  it("writes every row as one object, floats as floats and missing values as null", () => {
    const lines = encodeJsonl(TABLE).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(plain(TABLE));
    expect(lines[0]).toBe(
      String.raw`{"n":-1,"x":3.0,"ok":true,"t, \"q\"":"say \"hi\"","c":" b","d":"1970-01-01","j":{"a":[1,null]}}`,
    );
  });

  it("of no rows is empty", () => {
    expect(encodeJsonl(sliceTable(TABLE, 0, 0))).toBe("");
  });
});

describe("encodeCsv", () => {
  it("quotes what needs it and tells the empty text from a missing value", () => {
    expect(encodeCsvHeader(TABLE.columns.keys())).toBe('n,x,ok,"t, ""q""",c,d,j\n');
    expect(encodeCsv(sliceTable(TABLE, 0, 3))).toBe(
      [
        '-1,3.0,true,"say ""hi"""," b",1970-01-01,"{""a"":[1,null]}"',
        '9007199254740991,-0.25,,"",ä,1970-01-02,',
        ',,true,"zwei\nZeilen"," b",1970-01-01,"x,y"',
        "",
      ].join("\n"),
    );
  });
});

describe("encodeParquet", () => {
  it("keeps every cell", () => {
    const expected = plain(TABLE);
    // A half of a character cannot be stored in UTF-8.
    Object.assign(expected[3] ?? {}, { 't, "q"': "é 😀 \uFFFD" });
    expect(plain(decodeParquet(encodeParquet(TABLE)))).toEqual(expected);
  });

  it("gives the same bytes for rows that were read back", () => {
    const bytes = encodeParquet(TABLE);
    expect(Buffer.from(encodeParquet(decodeParquet(bytes))).equals(bytes)).toBe(true);
    const cut = concatTables([sliceTable(TABLE, 0, 2), sliceTable(TABLE, 2, 4)]);
    expect(Buffer.from(encodeParquet(cut)).equals(bytes)).toBe(true);
  });

  it("keeps columns and types of a table without rows", () => {
    const empty = decodeParquet(encodeParquet(sliceTable(TABLE, 0, 0)));
    expect([empty.rowCount, [...empty.columns.keys()]]).toEqual([0, [...TABLE.columns.keys()]]);
  });

  it("names what is no Parquet file", () => {
    expect(() => decodeParquet(Buffer.from("PAR1 nonsense"))).toThrow("no readable Parquet file");
  });
});

describe("createParquetMerger", () => {
  it("joins files by their pages; a reader finds all rows in order", () => {
    const merger = createParquetMerger();
    const parts = [sliceTable(TABLE, 0, 1), sliceTable(TABLE, 1, 3), sliceTable(TABLE, 3, 4)].map(encodeParquet);
    const bytes = Buffer.concat([...parts.map((part) => merger.append(part)), merger.finish()]);
    expect(plain(decodeParquet(bytes))).toEqual(plain(decodeParquet(encodeParquet(TABLE))));
  });

  it("leaves a single file's rows readable, and 40 groups too", () => {
    const merger = createParquetMerger();
    const part = encodeParquet(TABLE);
    const pieces = Array.from({ length: 40 }, () => merger.append(part));
    expect(decodeParquet(Buffer.concat([...pieces, merger.finish()])).rowCount).toBe(160);
  });

  it("refuses files of another schema, and to end without any", () => {
    const merger = createParquetMerger();
    expect(() => merger.finish()).toThrow("at least one part");
    merger.append(encodeParquet(TABLE));
    const other: Table = { rowCount: 1, columns: new Map([["z", { type: "text", values: ["a"] }]]) };
    expect(() => merger.append(encodeParquet(other))).toThrow("different schemas");
  });
});

describe("an atomic file", () => {
  const folder = (): string => mkdtempSync(path.join(tmpdir(), "nemops-writers-"));

  it("appears when it is committed and not before", async () => {
    const target = path.join(folder(), "a.txt");
    writeFileSync(target, "old");
    const file = await openAtomicFile(target);
    await file.write("new ");
    await file.write(Buffer.from("text"));
    expect(readFileSync(target, "utf8")).toBe("old");
    await file.commit();
    await file.discard();
    expect(readFileSync(target, "utf8")).toBe("new text");
    expect(readdirSync(path.dirname(target))).toEqual(["a.txt"]);
  });

  it("says that the disk is full, keeps the old file and leaves nothing behind", async () => {
    const target = path.join(folder(), "a.txt");
    writeFileSync(target, "old");
    // The device that answers every write with "no space left".
    symlinkSync("/dev/full", `${target}.tmp`);
    const file = await openAtomicFile(target);
    await expect(file.write("x")).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringContaining("the disk is full") as string,
    });
    expect([readFileSync(target, "utf8"), readdirSync(path.dirname(target))]).toEqual(["old", ["a.txt"]]);
    symlinkSync("/dev/full", `${target}.tmp`);
    await expect(writeFileAtomically(target, "x")).rejects.toMatchObject({ code: "storage_failed" });
    expect(readdirSync(path.dirname(target))).toEqual(["a.txt"]);
  });

  it("names a folder that is not there", async () => {
    await expect(openAtomicFile("/nonexistent/a.txt")).rejects.toMatchObject({ code: "storage_failed" });
  });
});
