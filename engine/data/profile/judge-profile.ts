import { z } from "zod";

import type { ColumnOf, Design } from "../design/design.ts";
import { type Figures, figuresOfCounts, histogramOf, HistogramSchema, FiguresSchema } from "./figures.ts";
import { type ScoreSummary, MAX_SCORE_SAMPLE } from "./judge-scores.ts";
import type { TableSummary } from "./summary.ts";

const ScoreText = z.object({
  score_name: z.string(),
  summary: z.string(),
  /** `statistics` for a text made of the counts, otherwise the model that wrote it. */
  written_by: z.string().optional(),
  score_samples: z.array(z.object({ score: z.union([z.string(), z.number()]), reasoning: z.string() })),
});

/**
 * What the judge-score profiler says of one judge column. Each part is by the name of the score; a score that no row
 * has is in none of them. Source: NVIDIA-NeMo/DataDesigner, `JudgeScoreProfilerResults`.
 */
export const JudgeProfile = z.object({
  column_name: z.string(),
  summaries: z.record(z.string(), ScoreText),
  score_distributions: z.object({
    distribution_types: z.record(z.string(), z.enum(["categorical", "numerical"])),
    distributions: z.record(z.string(), z.union([FiguresSchema, HistogramSchema])),
    /** Counts by option, in the order of the design's options; options that nobody got count 0. */
    histograms: z.record(z.string(), z.object({ categories: z.array(z.string()), counts: z.array(z.number()) })),
  }),
});
export type JudgeProfile = z.infer<typeof JudgeProfile>;

export const BY_STATISTICS = "statistics";
const DEFAULT_SAMPLE = 20;

/** One profile for each judge column of the dataset; null when the design asks for no profiler. */
export function buildJudgeProfiles(
  design: Design,
  summary: TableSummary,
  columnNames: readonly string[],
): JudgeProfile[] | null {
  const [profiler] = design.profilers ?? [];
  if (profiler === undefined) return null;
  const sampleSize = Math.min(profiler.summary_score_sample_size ?? DEFAULT_SAMPLE, MAX_SCORE_SAMPLE);
  return design.columns.flatMap((column) => {
    if (column.column_type !== "llm-judge" || !columnNames.includes(column.name)) return [];
    return [judgeProfile(column, summary, sampleSize)];
  });
}

function judgeProfile(column: ColumnOf<"llm-judge">, summary: TableSummary, sampleSize: number): JudgeProfile {
  const found = summary.get(column.name);
  const summaries: JudgeProfile["summaries"] = {};
  const { distribution_types, distributions, histograms }: JudgeProfile["score_distributions"] = {
    distribution_types: {},
    distributions: {},
    histograms: {},
  };
  for (const { name, options } of column.scores) {
    const score = found?.scores.get(name);
    if (found === undefined || score?.counts === undefined) continue;
    const { counts } = score;
    const isNumeric = [...Object.keys(options), ...counts.keys()].every(isNumber);
    const figures = isNumeric ? figuresOfCounts(counts) : undefined;
    const categories = [...new Set([...Object.keys(options), ...counts.keys()])];
    distribution_types[name] = isNumeric ? "numerical" : "categorical";
    const distribution = figures ?? histogramOf(counts);
    if (distribution !== null) distributions[name] = distribution;
    histograms[name] = { categories, counts: categories.map((category) => counts.get(category) ?? 0) };
    summaries[name] = {
      score_name: name,
      summary: describeScore(name, counts, figures, found.rowCount),
      written_by: BY_STATISTICS,
      score_samples: samplesOf(score, isNumeric, sampleSize),
    };
  }
  return {
    column_name: column.name,
    summaries,
    score_distributions: { distribution_types, distributions, histograms },
  };
}

function describeScore(
  name: string,
  counts: ReadonlyMap<string, number>,
  figures: Figures | undefined,
  rowCount: number,
): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const share = (count: number): string => `${count} rows, ${((count / total) * 100).toFixed(1)} %`;
  const sorted = [...counts].toSorted((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1));
  const [most] = sorted;
  const least = sorted.length > 1 ? sorted.at(-1) : undefined;
  const parts = [
    `${total} of ${rowCount} rows have a score for ${name}`,
    ...(figures === undefined ? [] : [`mean ${short(figures.mean)}, deviation ${short(figures.stddev)}`]),
    ...(most === undefined ? [] : [`most often ${most[0]} (${share(most[1])})`]),
    ...(least === undefined ? [] : [`least often ${least[0]} (${share(least[1])})`]),
  ];
  return `${parts.join("; ")}.`;
}

function samplesOf({ sample }: ScoreSummary, isNumeric: boolean, size: number) {
  return sample.slice(0, size).map(({ score, reasoning }) => ({ score: isNumeric ? Number(score) : score, reasoning }));
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
