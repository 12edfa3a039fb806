import { z } from "zod";

export const FiguresSchema = z.object({
  min: z.number(),
  max: z.number(),
  mean: z.number(),
  stddev: z.number(),
  median: z.number(),
});
export type Figures = z.infer<typeof FiguresSchema>;

export const HistogramSchema = z.object({
  most_common_value: z.string(),
  least_common_value: z.string(),
  /** Most frequent first, at most 50. */
  histogram: z.object({ categories: z.array(z.string()), counts: z.array(z.number()) }),
});
export type Histogram = z.infer<typeof HistogramSchema>;

const MAX_CATEGORIES = 50;

/** Null for counts that are not known or empty. */
export function histogramOf(counts: ReadonlyMap<string, number> | undefined): Histogram | null {
  if (counts === undefined || counts.size === 0) return null;
  const sorted = [...counts].sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1));
  const shown = sorted.slice(0, MAX_CATEGORIES);
  return {
    most_common_value: sorted[0]?.[0] ?? "",
    least_common_value: sorted.at(-1)?.[0] ?? "",
    histogram: { categories: shown.map(([value]) => value), counts: shown.map(([, count]) => count) },
  };
}

/** The figures of numbers that are counted by their text; undefined without any. */
export function figuresOfCounts(counts: ReadonlyMap<string, number>): Figures | undefined {
  const sorted = [...counts]
    .map(([text, count]) => [Number(text), count] as const)
    .toSorted((left, right) => left[0] - right[0]);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const mean = sorted.reduce((sum, [value, count]) => sum + value * count, 0) / total;
  const squares = sorted.reduce((sum, [value, count]) => sum + (value - mean) ** 2 * count, 0);
  const at = (place: number): number => {
    let seen = 0;
    return sorted.find(([, count]) => (seen += count) > place)?.[0] ?? last[0];
  };
  return {
    min: first[0],
    max: last[0],
    mean: significant(mean),
    stddev: significant(Math.sqrt(total > 1 ? squares / (total - 1) : 0)),
    median: (at(Math.floor((total - 1) / 2)) + at(Math.floor(total / 2))) / 2,
  };
}

/** Sums in another order differ in the last digits, and a profile must not depend on how rows were grouped. */
export function significant(value: number): number {
  return Number(value.toPrecision(10));
}
