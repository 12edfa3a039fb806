import { describe, expect, it } from "vitest";
import type { ColumnData, Table } from "../../../../engine/data/table.ts";
import { tableRows } from "../../../../engine/data/table-rows.ts";
import { compileExpression, type ExpressionType } from "../../../../engine/data/template/expression.ts";
import { compileTemplate } from "../../../../engine/data/template/template.ts";

const columns = new Map<string, ColumnData>([
  ["price", { type: "float", values: Float64Array.of(10, 2.5, -0.125, 1e16, 0) }],
  ["qty", { type: "int", values: Float64Array.of(3, 0, -7, 2, 9_007_199_254_740_991) }],
  ["category", { type: "category", codes: Int32Array.of(0, 1, 0, 2, 1), values: ["Books", "toys", "3"] }],
  ["name", { type: "text", values: ["ann", "Bo", "true", "1.50", " x "] }],
  ["gift", { type: "bool", values: Uint8Array.of(1, 0, 1, 0, 1) }],
  ["day", { type: "time", seconds: Float64Array.of(0, 86_400, 1e9, 2e9, 5), format: "%Y-%m-%d" }],
  ["maybe", { type: "float", values: Float64Array.of(1, 2, 3, 4, 5), isNull: Uint8Array.of(0, 1, 0, 0, 0) }],
  ["info", { type: "json", values: [{ a: 1 }, { a: [2] }, {}, { a: null }, { a: "z" }] }],
]);
const table: Table = { rowCount: 5, columns };

function run(expr: string, dtype: ExpressionType = "str") {
  const { column, dropped } = compileExpression({ expr, dtype })(table, table.rowCount);
  const one = { rowCount: 5, columns: new Map([["x", column]]) };
  return { type: column.type, values: tableRows(one).map((row) => row["x"]), dropped };
}

describe("the type of an expression column", () => {
  it("is float, int, bool or text by the casting rules", () => {
    expect(run("{{ price * qty }}", "float").values.slice(0, 3)).toEqual([30, 0, 0.875]);
    expect(run("{{ price }}", "int").values).toEqual([10, 2, 0, 1e16, 0]);
    expect(run("{{ qty }}", "bool").values).toEqual([true, false, true, true, true]);
    expect(run("{{ gift }}", "bool").values).toEqual([true, false, true, false, true]);
    expect(run("{{ category == 'Books' }}", "bool").values).toEqual([true, false, true, false, false]);
    expect(run("{{ price }}|{{ qty }}").values.slice(0, 4)).toEqual(["10.0|3", "2.5|0", "-0.125|-7", "1e+16|2"]);
  });

  it("reads text as Python reads it", () => {
    expect(run("{{ '1_0' if qty > 0 else ' 2.5 ' }}", "int").values).toEqual([10, 2, 2, 10, 10]);
    expect(run("{{ 'TRUE' if qty > 0 else 'no' }}", "bool").values).toEqual([true, false, false, true, true]);
  });
});

describe("rows that have no value", () => {
  it("are reported with kind and row, and are missing in the column", () => {
    const cast = run("{{ name }}", "float");
    expect(cast.dropped.map(({ row, kind }) => [row, kind])).toEqual([0, 1, 2, 4].map((row) => [row, "TypeCastError"]));
    expect(cast.values).toEqual([null, null, null, 1.5, null]);
    expect(cast.dropped[0]?.message).toBe('the text "ann" cannot be cast to float');

    const divided = run("{{ price / qty }}", "float");
    expect(divided.dropped).toEqual([{ row: 1, kind: "TemplateRenderError", message: "float division by zero" }]);

    const empty = run("{{ name if qty > 0 }}");
    expect(empty.dropped.map(({ row, kind }) => [row, kind])).toEqual(
      [1, 2].map((row) => [row, "EmptyRenderedExpression"]),
    );
    expect(empty.values).toEqual(["ann", null, null, "1.50", " x "]);

    expect(run("{{ info.a.b }}").dropped.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4]);
  });

  it("are missing cells that cannot be cast, and are printed as None in text", () => {
    expect(run("{{ maybe }}").values).toEqual(["1.0", "None", "3.0", "4.0", "5.0"]);
    expect(run("{{ maybe + 1 }}", "float").dropped).toEqual([
      { row: 1, kind: "TemplateRenderError", message: "unsupported operand type(s) for +: 'NoneType' and 'int'" },
    ]);
  });

  it("do not hide an unknown column: that is an error", () => {
    expect(() => run("{{ prize }}")).toThrow("unknown variable `prize`; known are price, qty");
  });
});

const COLUMNAR = [
  "{{ price * qty }}",
  "{{ price + qty - 1 }}",
  "{{ qty * qty }}",
  "{{ qty * 3 + qty }}",
  "{{ qty // 2 }} {{ qty % 4 }} {{ qty % -4 }} {{ -7 // 2 }}",
  "{{ price // 0.3 }} {{ price % 0.3 }} {{ price % -2 }}",
  "{{ qty / 2 }}",
  "{{ (price * 1.2345) | round(2) }} {{ price | round }} {{ qty | round(2) }}",
  "{{ (price * 1.15) | round(1) | int }} {{ -price | abs }} {{ -qty }}",
  "{{ category | upper }}-{{ name }}",
  "{{ category ~ ' ' ~ name | title ~ ' ' ~ qty }}",
  "{{ name | upper }} {{ name | trim }} {{ name | capitalize }} {{ day }}",
  "{{ 'big' if price * qty > 5 else 'small' }}",
  "{{ price if category == 'Books' else price * 2 }}",
  "{{ 'a' if category != 'toys' and qty > 0 or price < 0 else 'b' }}",
  "{{ 'n' if not category == '3' else 'y' }}",
  "{{ 1.5 ~ 2 ~ 'x' ~ 3.0 }}",
];

describe("an expression computed column by column", () => {
  it.each(COLUMNAR)("gives what the template gives row by row: %s", (expr) => {
    const columnTypes = Object.fromEntries([...columns].map(([name, { type }]) => [name, type]));
    const template = compileTemplate(expr, { columnTypes });
    const texts = tableRows(table).map((record) => template.render(record));
    const { values, dropped } = run(expr);
    expect(values).toEqual(texts);
    expect(dropped).toEqual([]);
  });

  it("keeps integers beyond 2^53 exact in text", () => {
    expect(run("{{ qty * 3 }}").values[4]).toBe("27021597764222973");
  });
});
