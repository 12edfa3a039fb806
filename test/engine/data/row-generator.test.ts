import { describe, expect, it } from "vitest";

import { createRowGenerator } from "../../../engine/data/row-generator.ts";
import { scatterColumn } from "../../../engine/data/scatter.ts";
import type { ColumnStep, RowBatch } from "../../../engine/data/steps/step.ts";
import { cellAt, tableRows } from "../../../engine/data/table-rows.ts";
import type { ColumnData, JsonValue, RowRange, Table } from "../../../engine/data/table.ts";

const numbers = ({ firstRow, rowCount }: RowRange): Table => ({
  rowCount,
  columns: new Map([["n", { type: "int", values: Float64Array.from({ length: rowCount }, (_, at) => firstRow + at) }]]),
});

interface StepOptions extends Partial<ColumnStep> {
  readonly name: string;
  readonly of: (batch: RowBatch) => ColumnData;
  readonly fails?: (value: JsonValue) => boolean;
}

function step({ name, of, fails = () => false, ...rest }: StepOptions): ColumnStep {
  return {
    name,
    skipValue: null,
    skipsWith: [],
    run: (batch) => ({
      columns: new Map([[name, of(batch)]]),
      failures: batch
        .records()
        .flatMap((record, row) =>
          fails(record["n"] ?? null) ? [{ row, kind: "TypeCastError", message: `no ${name}` }] : [],
        ),
    }),
    ...rest,
  };
}

const doubled = (batch: RowBatch): ColumnData => ({
  type: "int",
  values: Float64Array.from(batch.records(), (record) => Number(record["n"]) * 2),
});

describe("createRowGenerator", () => {
  const isOdd = (value: JsonValue): boolean => Number(value) % 2 === 1;

  it("drops rows whose cell failed, says which and why, and makes no further cell of them", async () => {
    const seen: number[] = [];
    const generator = createRowGenerator({
      plan: { output: ["n", "later"], dropped: ["twice"] },
      sources: [numbers],
      steps: [
        step({ name: "twice", of: doubled, fails: isOdd }),
        step({
          name: "later",
          of: (batch) => {
            seen.push(...Array.from(batch.rows));
            return doubled(batch);
          },
        }),
      ],
    });
    const { table, dropped, rows, failures } = await generator.generateRows({ firstRow: 10, rowCount: 4 });
    expect(tableRows(table).map((row) => ({ ...row }))).toEqual([
      { n: 10, later: 20 },
      { n: 12, later: 24 },
    ]);
    expect([...dropped.columns.keys()]).toEqual(["twice"]);
    expect([Array.from(rows), seen]).toEqual([
      [10, 12],
      [10, 12],
    ]);
    expect(failures).toEqual([
      { row: 11, column: "twice", kind: "TypeCastError", message: "no twice" },
      { row: 13, column: "twice", kind: "TypeCastError", message: "no twice" },
    ]);
  });

  it("skips cells by condition and those that follow from them, and never asks for their values", async () => {
    const generator = createRowGenerator({
      plan: { output: ["a", "b", "c"], dropped: [] },
      sources: [numbers],
      steps: [
        step({ name: "a", of: doubled, skipsRow: (record) => isOdd(record["n"] ?? null), skipValue: -1 }),
        // Would fail for odd rows, but these are skipped with "a".
        step({ name: "b", of: doubled, skipsWith: ["a"], fails: isOdd }),
        step({ name: "c", of: doubled }),
      ],
    });
    const { table, failures } = await generator.generateRows({ firstRow: 0, rowCount: 3 });
    expect(failures).toEqual([]);
    expect(tableRows(table).map((row) => ({ ...row }))).toEqual([
      { a: 0, b: 0, c: 0 },
      { a: -1, b: null, c: 2 },
      { a: 4, b: 4, c: 4 },
    ]);
  });

  it("makes the same rows for any cut of the range", async () => {
    const generator = createRowGenerator({
      plan: { output: ["n", "t"], dropped: [] },
      sources: [numbers],
      steps: [step({ name: "t", of: doubled, fails: (value) => Number(value) % 5 === 0 })],
    });
    const rowsOf = async (range: RowRange): Promise<unknown[]> =>
      tableRows((await generator.generateRows(range)).table);
    const cut = await Promise.all([0, 3, 6, 9].map((firstRow) => rowsOf({ firstRow, rowCount: 3 })));
    expect(cut.flat()).toEqual(await rowsOf({ firstRow: 0, rowCount: 12 }));
  });
});

describe("a step that waits", () => {
  it("makes the next step wait for it, and is told when to stop", async () => {
    const slow: ColumnStep = {
      ...step({ name: "slow", of: doubled }),
      run: async (batch, { signal }) => {
        await Promise.resolve();
        signal?.throwIfAborted();
        return { columns: new Map([["slow", doubled(batch)]]), failures: [] };
      },
    };
    const next = step({
      name: "next",
      of: (batch) => ({ type: "json", values: batch.records().map((record) => record["slow"] ?? null) }),
    });
    const plan = { output: ["next"], dropped: [] };
    const generator = createRowGenerator({ plan, sources: [numbers], steps: [slow, next] });
    const { table } = await generator.generateRows({ firstRow: 3, rowCount: 2 });
    expect(tableRows(table).map((row) => row["next"])).toEqual([6, 8]);
    const stopping = new AbortController();
    const begun = generator.generateRows({ firstRow: 0, rowCount: 2 }, { signal: stopping.signal });
    stopping.abort(new Error("enough"));
    await expect(begun).rejects.toThrow("enough");
  });
});

describe("scatterColumn", () => {
  it.each<[ColumnData, JsonValue, ColumnData["type"], JsonValue[]]>([
    [{ type: "int", values: Float64Array.of(1, 2) }, null, "int", [null, 1, 2]],
    [{ type: "int", values: Float64Array.of(1, 2) }, 7, "int", [7, 1, 2]],
    [{ type: "int", values: Float64Array.of(1, 2) }, "none", "json", ["none", 1, 2]],
    [{ type: "bool", values: Uint8Array.of(1, 0) }, true, "bool", [true, true, false]],
    [{ type: "text", values: ["a", "b"], isNull: Uint8Array.of(0, 1) }, "-", "text", ["-", "a", null]],
    [{ type: "category", codes: Int32Array.of(0, 0), values: ["a"] }, null, "category", [null, "a", "a"]],
    [{ type: "json", values: [[1], null] }, 0, "json", [0, [1], null]],
  ])("of %o filled with %j", (column, fill, type, cells) => {
    const spread = scatterColumn({ column, rows: [1, 2], rowCount: 3, fill });
    expect(spread.type).toBe(type);
    expect(cells.map((_, row) => cellAt(spread, row))).toEqual(cells);
  });

  it("keeps the type when every row is filled", () => {
    const spread = scatterColumn({
      column: { type: "float", values: new Float64Array() },
      rows: [],
      rowCount: 2,
      fill: null,
    });
    expect([spread.type, cellAt(spread, 1)]).toEqual(["float", null]);
  });
});
