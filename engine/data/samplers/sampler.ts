import type { Draws, RandomKey } from "../random.ts";
import type { JsonValue, RowRange } from "../table.ts";
import type { TimeUnit } from "../time.ts";

/**
 * A column of the group while it is drawn: numbers, Unix seconds, or positions in `labels`. What the dataset shows is
 * made of it at the end, so that constraints and later samplers work on numbers.
 */
export interface DrawnColumn {
  readonly numbers: Float64Array;
  readonly labels?: readonly (string | number)[];
  /** What a constraint compares: times as finely as they are shown. Undefined for what is no number and no time. */
  readonly comparable: () => Float64Array | undefined;
}

export type DrawnColumns = ReadonlyMap<string, DrawnColumn>;

/** Draws the cell of local row `row`; `draws` stands at that row's numbers. */
export interface DrawCell {
  readonly draw: (draws: Draws, row: number) => number;
  /**
   * Draws from the part of the distribution between `low` and `high`, either of which may be infinite, and whose ends
   * may come out. NaN when nothing lies between. Absent where rejection is the only way.
   */
  readonly drawBetween?: (draws: Draws, low: number, high: number, row: number) => number;
}

/** One value a row that is a number underneath. `bind` gets the columns that were drawn before. */
export interface NumberSampler {
  readonly output: "int" | "float" | "time" | "label";
  /** The values that a `label` sampler draws positions of. */
  readonly labels?: readonly (string | number)[];
  readonly decimalPlaces?: number;
  /** What a `time` sampler cuts its values to. */
  readonly unit?: TimeUnit;
  bind(drawn: DrawnColumns): DrawCell;
}

/** One finished value a row. */
export interface ValueSampler {
  readonly output: "text" | "json";
  fill(key: RandomKey, range: RowRange): readonly JsonValue[];
}

export type Sampler = NumberSampler | ValueSampler;

export function isNumberSampler(sampler: Sampler): sampler is NumberSampler {
  return sampler.output !== "text" && sampler.output !== "json";
}

/** A sampler that looks at no other column. */
export function plainSampler(
  output: "int" | "float",
  draw: (draws: Draws) => number,
  decimalPlaces?: number | null,
): NumberSampler {
  const cell: DrawCell = { draw };
  return { output, ...(decimalPlaces == null ? {} : { decimalPlaces }), bind: () => cell };
}
