import { describe, expect, it } from "vitest";

import { compileStrftime } from "../../../engine/data/strftime.ts";
import { concatTables, formatTimes, sliceTable, takeRows } from "../../../engine/data/table-parts.ts";
import { cellAt, columnFromValues, tableRows } from "../../../engine/data/table-rows.ts";
import type { ColumnData, JsonValue, Table } from "../../../engine/data/table.ts";

const plain = (table: Table): unknown => tableRows(table).map((row) => ({ ...row }));

const TABLE: Table = {
  rowCount: 3,
  columns: new Map<string, ColumnData>([
    ["n", { type: "int", values: Float64Array.of(1, 2, 3), isNull: Uint8Array.of(0, 1, 0) }],
    ["x", { type: "float", values: Float64Array.of(0.5, Number.NaN, 2) }],
    ["ok", { type: "bool", values: Uint8Array.of(1, 0, 1) }],
    ["t", { type: "text", values: ["a", "b", "c"] }],
    ["c", { type: "category", codes: Int32Array.of(1, 0, 1), values: ["x", "y"] }],
    ["d", { type: "time", seconds: Float64Array.of(0, 86_400, 0), format: "%Y-%m-%d" }],
    ["j", { type: "json", values: [{ a: 1 }, null, [2]] }],
  ]),
};

describe("a table", () => {
  it("shows its rows with times by their format, and null for what is missing or no number", () => {
    expect(plain(TABLE)).toEqual([
      { n: 1, x: 0.5, ok: true, t: "a", c: "y", d: "1970-01-01", j: { a: 1 } },
      { n: null, x: null, ok: false, t: "b", c: "x", d: "1970-01-02", j: null },
      { n: 3, x: 2, ok: true, t: "c", c: "y", d: "1970-01-01", j: [2] },
    ]);
  });

  it("keeps every cell when it is cut into slices and put together again", () => {
    const whole = concatTables([sliceTable(TABLE, 0, 1), sliceTable(TABLE, 1, 2), sliceTable(TABLE, 2, 99)]);
    expect(plain(whole)).toEqual(plain(TABLE));
    expect(sliceTable(TABLE, 5, 9).rowCount).toBe(0);
  });

  it("takes rows in the order asked for, with their nulls", () => {
    expect(plain(takeRows(TABLE, [2, 1]))).toEqual((plain(TABLE) as unknown[]).toReversed().slice(0, 2));
  });

  it("formats times without changing what is read", () => {
    expect(plain(formatTimes(TABLE))).toEqual(plain(TABLE));
    expect(formatTimes(TABLE).columns.get("d")).toMatchObject({
      type: "category",
      values: ["1970-01-01", "1970-01-02"],
    });
  });

  it("survives a column named like a member of objects", () => {
    const table: Table = { rowCount: 1, columns: new Map([["__proto__", { type: "text", values: ["a"] }]]) };
    expect(Object.keys(tableRows(table)[0] ?? {})).toEqual(["__proto__"]);
  });
});

describe("columnFromValues", () => {
  it.each<[JsonValue[], ColumnData["type"]]>([
    [[1, 2, null], "int"],
    [[1, 2.5], "float"],
    [["a", null], "text"],
    [[true, false], "bool"],
    [[1, "a"], "json"],
    [[{ a: 1 }], "json"],
    [[null, null], "text"],
  ])("of %j is %s and loses nothing", (values, type) => {
    const column = columnFromValues(values);
    expect(column.type).toBe(type);
    expect(values.map((_, row) => cellAt(column, row))).toEqual(values);
  });
});

describe("concatTables", () => {
  const one = (column: ColumnData): Table => ({ rowCount: 1, columns: new Map([["v", column]]) });
  const int = one({ type: "int", values: Float64Array.of(1) });
  const float = one({ type: "float", values: Float64Array.of(1.5) });
  const text = one({ type: "text", values: ["a"] });

  it.each<[Table, Table, string, JsonValue[]]>([
    [int, float, "float", [1, 1.5]],
    [int, text, "json", [1, "a"]],
    [text, one({ type: "category", codes: Int32Array.of(0), values: ["b"] }), "text", ["a", "b"]],
  ])("finds the type that holds both parts", (left, right, type, cells) => {
    const column = concatTables([left, right]).columns.get("v");
    expect(column?.type).toBe(type);
    expect(column === undefined ? [] : cells.map((_, row) => cellAt(column, row))).toEqual(cells);
  });
});

describe("compileStrftime", () => {
  // 2024-03-05 07:08:09 UTC, a Tuesday; outputs as Python's time.strftime gives them in the C locale.
  const seconds = Date.UTC(2024, 2, 5, 7, 8, 9) / 1_000;
  it.each([
    ["%Y-%m-%dT%H:%M:%S", "2024-03-05T07:08:09"],
    ["%F %T", "2024-03-05 07:08:09"],
    ["%-d.%-m.%y", "5.3.24"],
    ["%A %d %B, %I:%M %p", "Tuesday 05 March, 07:08 AM"],
    ["%a %b %j %u %w", "Tue Mar 065 2 2"],
    ["%U %W", "09 10"],
    ["100%% %Q %", "100% %Q %"],
  ])("formats %s", (pattern, text) => {
    expect(compileStrftime(pattern)(seconds)).toBe(text);
  });

  it("answers the empty text for a time that no date holds", () => {
    expect(compileStrftime("%Y")(Number.NaN)).toBe("");
  });
});
