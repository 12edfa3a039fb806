import { ServiceError } from "../../../lib/errors.ts";
import type { Constraint } from "../design/parts.ts";
import type { Draws } from "../random.ts";
import type { DrawCell } from "../samplers/sampler.ts";
import { nextTime, truncateTime } from "../time.ts";
import type { TimeUnit } from "../time.ts";
import { type Bounds, describeConstraints } from "./bounds.ts";

/**
 * How often one cell is drawn before it counts as failed: the factor 5 of the original times its 1,000 rows a row
 * group. It is a number for each cell, not for a row group, so that the size of row groups cannot decide what fails.
 */
export const MAX_ATTEMPTS = 5 * 1_000;

/** After so many failed rows the column is given up. */
const MAX_FAILED_ROWS = 100;

/** How the drawn numbers become the values that are compared and shown. */
export interface Grid {
  /** Rounds or cuts a drawn number. The result is what later columns and the dataset see. */
  readonly settle: (value: number) => number;
  /** What is compared with the bounds: a time as finely as it is shown, else the value itself. */
  readonly shown: (value: number) => number;
  /** Distance of two settled numbers; 0 for numbers that are not rounded and for times. */
  readonly step: number;
  /** The unit that times are compared in; undefined for numbers. */
  readonly unit: TimeUnit | undefined;
}

export interface DrawWithinOptions {
  readonly column: string;
  readonly constraints: readonly Constraint[];
  readonly bounds: Bounds;
  readonly draws: Draws;
  readonly firstRow: number;
  /** How to draw a local row, for example by the parameters that its condition picks. */
  readonly cellOf: (row: number) => DrawCell;
  readonly gridOf: (row: number) => Grid;
  readonly numbers: Float64Array;
}

/**
 * Fills `numbers` with values that satisfy the bounds of their row. A distribution that can be drawn between two bounds
 * is; any other, and rounding at the edge of an interval, is drawn again with the next attempt of the row's own numbers.
 * Throws ServiceError `invalid_input` with the column, its constraints and the share of rows that failed.
 */
export function drawWithin(options: DrawWithinOptions): void {
  const { bounds, draws, firstRow, cellOf, gridOf, numbers } = options;
  let failed = 0;
  for (let row = 0; row < numbers.length; row += 1) {
    bounds.at(row);
    draws.start(firstRow + row, 0);
    const value = drawRow(draws, firstRow + row, row, cellOf(row), gridOf(row), bounds);
    numbers[row] = value;
    if (!Number.isNaN(value)) continue;
    failed += 1;
    if (failed === MAX_FAILED_ROWS) throw failure(options, failed, row + 1);
  }
  if (failed > 0) throw failure(options, failed, numbers.length);
}

function drawRow(draws: Draws, absoluteRow: number, row: number, cell: DrawCell, grid: Grid, bounds: Bounds): number {
  const [low, high] = intervalOf(grid, bounds);
  if (!(low <= high)) return Number.NaN;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    draws.start(absoluteRow, attempt);
    const drawn = cell.drawBetween === undefined ? cell.draw(draws, row) : cell.drawBetween(draws, low, high, row);
    if (Number.isNaN(drawn)) return drawn;
    const value = grid.settle(drawn);
    if (bounds.hold(grid.shown(value))) return value;
  }
  return Number.NaN;
}

/**
 * The drawn numbers that can settle inside the bounds, both ends included. Rounded numbers get half a step more on each
 * side, which makes the result the same as drawing without bounds and rejecting.
 */
function intervalOf(grid: Grid, bounds: Bounds): readonly [number, number] {
  const { low, high, isLowStrict, isHighStrict } = bounds;
  const { unit, step } = grid;
  if (unit !== undefined) {
    const from = Number.isFinite(low) && (isLowStrict || truncateTime(low, unit) < low) ? nextTime(low, unit) : low;
    const isBefore = isHighStrict && truncateTime(high, unit) === high;
    return [from, isBefore || !Number.isFinite(high) ? high - 1 : nextTime(high, unit) - 1];
  }
  if (step === 0) return [low, high];
  const first = Math.ceil(low / step) * step;
  const least = isLowStrict && first <= low ? first + step : first;
  // A hair of tolerance: 0.1 has no exact multiples. What slips through is rejected by the bounds.
  const isEmpty = isHighStrict ? least >= high + step * 1e-9 : least > high + step * 1e-9;
  return isEmpty ? [1, 0] : [low - step / 2, high + step / 2];
}

function failure({ column, constraints, numbers }: DrawWithinOptions, failed: number, tried: number): ServiceError {
  const share = ((100 * failed) / tried).toPrecision(3);
  const rows = tried === numbers.length ? `${tried} rows` : `the first ${tried} rows`;
  return new ServiceError(
    "invalid_input",
    `column "${column}": ${failed} of ${rows} (${share} %) have no value with ${describeConstraints(constraints)} in ${MAX_ATTEMPTS} draws; relax the constraint or change the column's range`,
    { data: { column, failed_rows: failed, tried_rows: tried, max_attempts: MAX_ATTEMPTS } },
  );
}
