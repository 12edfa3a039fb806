import { describe, expect, it } from "vitest";

import { Design } from "../../../../engine/data/design/design.ts";
import { buildProfile } from "../../../../engine/data/profile/profile.ts";
import {
  MAX_DISTINCT,
  countDistinct,
  distinctOf,
  hashNumber,
  hashText,
} from "../../../../engine/data/profile/sketch.ts";
import { mergeSummaries, summarizeTable } from "../../../../engine/data/profile/summary.ts";
import { sliceTable } from "../../../../engine/data/table-parts.ts";
import type { ColumnData, Table } from "../../../../engine/data/table.ts";

const sampler = (name: string, sampler_type: string, params: object): object => ({
  column_type: "sampler",
  name,
  sampler_type,
  params: { sampler_type, ...params },
});

const DESIGN = Design.parse({
  columns: [
    sampler("kind", "category", { values: ["a", "b"] }),
    sampler("price", "gaussian", { mean: 8, stddev: 4 }),
    sampler("id", "uuid", {}),
    { column_type: "llm-text", name: "note", prompt: "x {{ kind }}", model_alias: "m" },
    {
      column_type: "validation",
      name: "check",
      target_columns: ["note"],
      validator_type: "code",
      validator_params: { validator_type: "code", code_lang: "python" },
    },
  ],
});

function tableOf(rowCount: number): Table {
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  return {
    rowCount,
    columns: new Map<string, ColumnData>([
      ["kind", { type: "category", codes: Int32Array.from(rows, (row) => Number(row % 4 === 0)), values: ["b", "a"] }],
      [
        "price",
        {
          type: "float",
          values: Float64Array.from(rows, (row) => row + 0.5),
          isNull: Uint8Array.from(rows, (row) => Number(row === 1)),
        },
      ],
      ["id", { type: "text", values: rows.map((row) => `id-${row}`) }],
      ["note", { type: "text", values: rows.map(() => "eight ch") }],
      ["check", { type: "json", values: rows.map((row) => ({ is_valid: row % 2 === 0 })) }],
    ]),
  };
}

const profileOf = (table: Table, cuts: readonly number[] = []): unknown => {
  const edges = [0, ...cuts, table.rowCount];
  const parts = edges.slice(1).map((end, at) => summarizeTable(sliceTable(table, edges[at] ?? 0, end), edges[at] ?? 0));
  const summary = parts.reduce(mergeSummaries);
  return buildProfile({ design: DESIGN, summary, columnNames: [...table.columns.keys()], targetNumRecords: 8 });
};

describe("the profile of a dataset", () => {
  it("states figures, shares and validity under the names of Data Designer's analysis", () => {
    expect(profileOf(tableOf(8))).toEqual({
      num_records: 8,
      target_num_records: 8,
      column_profiles: null,
      side_effect_column_names: [],
      column_statistics: [
        expect.objectContaining({
          column_name: "kind",
          column_type: "sampler",
          sampler_type: "category",
          num_unique: 2,
          percent_unique: 25,
          distribution_type: "categorical",
          distribution: {
            most_common_value: "b",
            least_common_value: "a",
            histogram: { categories: ["b", "a"], counts: [6, 2] },
          },
        }),
        expect.objectContaining({
          column_name: "price",
          pyarrow_dtype: "double",
          num_null: 1,
          percent_null: 12.5,
          distribution_type: "numerical",
          // 0.5, 2.5, 3.5, … 7.5: mean 30.5 / 7, sample variance by hand.
          distribution: { min: 0.5, max: 7.5, mean: 4.357142857, stddev: 2.410295378, median: 4.5 },
        }),
        expect.objectContaining({
          column_name: "id",
          num_unique: 8,
          num_unique_is_exact: true,
          distribution_type: "text",
        }),
        expect.objectContaining({
          column_name: "note",
          output_tokens: { min: 2, max: 2, mean: 2, stddev: 0, median: 2 },
        }),
        expect.objectContaining({ column_name: "check", num_valid_records: 4, simple_dtype: "dict" }),
      ],
    });
  });

  it("does not depend on how the rows were grouped", () => {
    const table = tableOf(3_000);
    expect(profileOf(table, [1, 1_000, 1_700])).toEqual(profileOf(table));
  });

  it("of no rows has no figures and no shares", () => {
    const profile = profileOf(tableOf(0)) as { column_statistics: Record<string, unknown>[] };
    expect(profile.column_statistics[1]).toMatchObject({ num_records: 0, percent_null: 0, distribution: null });
  });
});

describe("countDistinct", () => {
  it("is exact for few values", () => {
    const hashes = Float64Array.from({ length: 9_000 }, (_, at) => hashText(`v${at % 3_000}`));
    expect(countDistinct(distinctOf(hashes))).toEqual({ count: 3_000, isExact: true });
  });

  // The standard error is 1.6 %; numbers here are fixed, 5 % is three of them.
  it.each([hashNumber, (value: number) => hashText(`row ${value}`)])("is within 5 % for 200,000", (hash) => {
    const { count, isExact } = countDistinct(distinctOf(Float64Array.from({ length: 200_000 }, (_, at) => hash(at))));
    expect(isExact).toBe(false);
    expect(Math.abs(count / 200_000 - 1)).toBeLessThan(0.05);
    expect(distinctOf(Float64Array.from({ length: 200_000 }, (_, at) => hash(at))).hashes).toHaveLength(MAX_DISTINCT);
  });
});
