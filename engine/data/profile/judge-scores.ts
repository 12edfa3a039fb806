import type { ColumnData } from "../table.ts";
import { type Counts, MAX_COUNTED, mergeCounts } from "./sketch.ts";

/** A score that a judge gave, with its reason cut to 500 characters. */
export interface ScoreSample {
  /** Hash of the row's place: those with the smallest keys are a fair sample of all. */
  readonly key: number;
  readonly score: string;
  readonly reasoning: string;
}

/** What is kept of one score of a judge column. Plain data; summaries of neighbouring rows can be put together. */
export interface ScoreSummary {
  readonly counts: Counts;
  /** By key, ascending; at most `MAX_SCORE_SAMPLE`. */
  readonly sample: readonly ScoreSample[];
}

export type ScoreSummaries = ReadonlyMap<string, ScoreSummary>;

export const MAX_SCORE_SAMPLE = 100;
const MAX_REASON_CHARS = 500;
/** A judge has a few; data of another kind that looks alike must not fill the memory. */
const MAX_SCORES = 50;

export const NO_SCORES: ScoreSummaries = new Map();

/** The scores in cells like `{"quality": {"score": 4, "reasoning": "…"}}`; none for columns of other kinds. */
export function scoresOf(column: ColumnData, rows: Int32Array, keys: Float64Array): ScoreSummaries {
  if (column.type !== "json") return NO_SCORES;
  const counts = new Map<string, Map<string, number>>();
  const samples = new Map<string, ScoreSample[]>();
  for (const row of rows) {
    for (const [name, score, reasoning] of scoresIn(column.values[row])) {
      if (!counts.has(name) && counts.size >= MAX_SCORES) continue;
      const tally = counts.get(name) ?? new Map<string, number>();
      counts.set(name, tally.set(score, (tally.get(score) ?? 0) + 1));
      const sample = samples.get(name) ?? [];
      samples.set(name, sample);
      sample.push({ key: keys[row] ?? 0, score, reasoning });
      if (sample.length >= 2 * MAX_SCORE_SAMPLE) samples.set(name, smallest(sample));
    }
  }
  if (counts.size === 0) return NO_SCORES;
  return new Map(
    [...counts].map(([name, tally]) => [
      name,
      { counts: tally.size > MAX_COUNTED ? undefined : tally, sample: smallest(samples.get(name) ?? []) },
    ]),
  );
}

export function mergeScores(left: ScoreSummaries, right: ScoreSummaries): ScoreSummaries {
  if (right.size === 0) return left;
  const merged = new Map(left);
  for (const [name, score] of right) {
    const before = merged.get(name);
    if (before === undefined) merged.set(name, score);
    else {
      merged.set(name, {
        counts: mergeCounts(before.counts, score.counts),
        sample: smallest([...before.sample, ...score.sample]),
      });
    }
  }
  return merged;
}

function smallest(sample: readonly ScoreSample[]): ScoreSample[] {
  return sample.toSorted((left, right) => left.key - right.key).slice(0, MAX_SCORE_SAMPLE);
}

function scoresIn(cell: unknown): [name: string, score: string, reasoning: string][] {
  if (typeof cell !== "object" || cell === null || Array.isArray(cell)) return [];
  return Object.entries(cell).flatMap(([name, value]: [string, unknown]): [string, string, string][] => {
    if (typeof value !== "object" || value === null || !("score" in value) || !("reasoning" in value)) return [];
    const { score, reasoning } = value;
    if (typeof score !== "number" && typeof score !== "string") return [];
    return [[name, String(score), typeof reasoning === "string" ? reasoning.slice(0, MAX_REASON_CHARS) : ""]];
  });
}
