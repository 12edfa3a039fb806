import { describe, expect, it } from "vitest";

import { Design } from "../../../../engine/data/design/design.ts";
import { buildProfile } from "../../../../engine/data/profile/profile.ts";
import { MAX_SCORE_SAMPLE } from "../../../../engine/data/profile/judge-scores.ts";
import { mergeSummaries, summarizeTable } from "../../../../engine/data/profile/summary.ts";
import type { JsonValue, Table } from "../../../../engine/data/table.ts";

const design = Design.parse({
  columns: [
    {
      column_type: "llm-judge",
      name: "verdict",
      prompt: "{{ x }}",
      model_alias: "m",
      scores: [
        { name: "quality", description: "d", options: { 1: "bad", 2: "fair", 3: "good", 4: "great" } },
        { name: "tone", description: "d", options: { warm: "w", cold: "c" } },
        { name: "never", description: "d", options: { 1: "x" } },
      ],
    },
  ],
  profilers: [{ model_alias: "m", summary_score_sample_size: 3 }],
});

const cell = (row: number): JsonValue =>
  row % 10 === 9
    ? null
    : {
        quality: { score: [1, 3, 3, 4][row % 4] ?? 0, reasoning: `because ${row}` },
        tone: { score: row % 3 === 0 ? "warm" : "cold", reasoning: "" },
      };

const tableOf = (firstRow: number, rowCount: number): Table => ({
  rowCount,
  columns: new Map([
    ["verdict", { type: "json", values: Array.from({ length: rowCount }, (_, at) => cell(firstRow + at)) }],
  ]),
});

const profileOf = (sizes: readonly number[], used = design) => {
  let first = 0;
  const parts = sizes.map((size) => {
    const part = summarizeTable(tableOf(first, size), first);
    first += size;
    return part;
  });
  const summary = parts.reduce(mergeSummaries);
  return buildProfile({ design: used, summary, columnNames: ["verdict"], targetNumRecords: first });
};

describe("the judge-score profiler", () => {
  it("states distributions, figures of numbers, counts of all options and reasons, whatever the row groups", () => {
    const { column_profiles: profiles } = profileOf([400]);
    expect(profileOf([1, 150, 249]).column_profiles).toEqual(profiles);
    const scores = Array.from({ length: 400 }, (_, row) => cell(row)).flatMap((value) =>
      value === null ? [] : [(value as { quality: { score: number } }).quality.score],
    );
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const count = (score: number): number => scores.filter((other) => other === score).length;
    const [profile] = profiles ?? [];
    expect(profile?.column_name).toBe("verdict");
    const { distribution_types: types, distributions, histograms } = profile?.score_distributions ?? {};
    expect(types).toEqual({ quality: "numerical", tone: "categorical" });
    expect(distributions?.["quality"]).toMatchObject({ min: 1, max: 4, median: 3 });
    expect(distributions?.["quality"]).toHaveProperty("mean", Number(mean.toPrecision(10)));
    expect(histograms?.["quality"]).toEqual({
      categories: ["1", "2", "3", "4"],
      counts: [count(1), 0, count(3), count(4)],
    });
    expect(distributions?.["tone"]).toMatchObject({ most_common_value: "cold", least_common_value: "warm" });
    const { quality } = profile?.summaries ?? {};
    expect(quality?.written_by).toBe("statistics");
    expect(quality?.summary).toContain("360 of 400 rows have a score for quality; mean 2.667");
    expect(quality?.score_samples).toHaveLength(3);
    expect(quality?.score_samples[0]?.reasoning).toMatch(/^because \d+$/);
    expect(Object.keys(profile?.summaries ?? {})).toEqual(["quality", "tone"]);
  });

  it("keeps few reasons of many rows, and is silent when the design asks for no profiler", () => {
    const all = { ...design, profilers: [{ model_alias: "m", summary_score_sample_size: 10_000 }] };
    expect(profileOf([700, 700], all).column_profiles?.[0]?.summaries["quality"]?.score_samples).toHaveLength(
      MAX_SCORE_SAMPLE,
    );
    expect(profileOf([20], { ...design, profilers: null }).column_profiles).toBeNull();
  });
});
