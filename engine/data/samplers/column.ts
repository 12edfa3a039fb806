import { ServiceError } from "../../../lib/errors.ts";
import { Bounds, describeConstraints } from "../constraints/bounds.ts";
import { drawWithin, type Grid } from "../constraints/draw-within.ts";
import type { Constraint } from "../design/parts.ts";
import { Draws } from "../random.ts";
import type { RandomKey } from "../random.ts";
import type { ColumnData, JsonValue, RowRange } from "../table.ts";
import { finestUnit, TIME_UNITS, truncateTime } from "../time.ts";
import { type Columns, type Condition, pickVariants } from "./conditions.ts";
import {
  compileRound,
  DEFAULT_TIME_FORMAT,
  finishLabels,
  finishNumbers,
  finishTimes,
  labelNumbers,
  roundHalfEven,
} from "./convert.ts";
import type { DrawnColumn, DrawnColumns, NumberSampler, ValueSampler } from "./sampler.ts";

/** A sampler column ready to draw: `variants[0]` are its own parameters, the others those of its conditions. */
export interface ColumnProgram<Kind> {
  readonly name: string;
  readonly key: RandomKey;
  readonly variants: readonly [Kind, ...Kind[]];
  readonly conditions: readonly Condition[];
  readonly constraints: readonly Constraint[];
  readonly convertTo: string | null;
}

export function fillValues(program: ColumnProgram<ValueSampler>, range: RowRange, columns: Columns): ColumnData {
  const [first] = program.variants;
  const lists = program.variants.map((sampler) => sampler.fill(program.key, range));
  let values: readonly JsonValue[] = lists[0] ?? [];
  if (lists.length > 1) {
    const picked = pickVariants(program.conditions, columns, range.rowCount);
    values = Array.from(picked, (variant, row) => lists[variant]?.[row] ?? null);
  }
  return first.output === "text" ? { type: "text", values: values.map(String) } : { type: "json", values };
}

/** Draws a column of numbers, times or labels. */
export function drawNumbers(
  program: ColumnProgram<NumberSampler>,
  range: RowRange,
  drawn: DrawnColumns,
  columns: Columns,
): { readonly drawn: DrawnColumn; readonly column: ColumnData } {
  const { key, variants, conditions, constraints, convertTo } = program;
  const numbers = new Float64Array(range.rowCount);
  const draws = new Draws(key);
  const { labels, shifts } = joinLabels(variants);
  const grids = variants.map((sampler, index) => compileGrid(sampler, convertTo, labels, shifts[index]));
  const cells = variants.map((sampler) => sampler.bind(drawn));
  const [grid, cell] = [grids[0], cells[0]];
  if (grid === undefined || cell === undefined) throw new Error("a column program without parameters");
  const picked = conditions.length === 0 ? undefined : pickVariants(conditions, columns, range.rowCount);
  const cellOf = picked === undefined ? () => cell : (row: number) => cells[picked[row] ?? 0] ?? cell;
  const gridOf = picked === undefined ? () => grid : (row: number) => grids[picked[row] ?? 0] ?? grid;
  const { firstRow } = range;
  if (constraints.length > 0) {
    if (labels !== undefined && labelNumbersOrNone(labels, convertTo) === undefined) {
      throw new ServiceError(
        "invalid_input",
        `column "${program.name}" holds text, which ${describeConstraints(constraints)} cannot order; convert_to int or float makes it numbers`,
      );
    }
    const bounds = new Bounds(constraints, drawn);
    drawWithin({ column: program.name, constraints, bounds, draws, firstRow, cellOf, gridOf, numbers });
  } else {
    for (let row = 0; row < numbers.length; row += 1) {
      numbers[row] = gridOf(row).settle(cellOf(row).draw(draws.start(firstRow + row, 0), row));
    }
  }
  return {
    drawn: {
      numbers,
      ...(labels === undefined ? {} : { labels }),
      comparable: compileComparable(numbers, grid, labels, convertTo),
    },
    column: finish(numbers, variants, labels, convertTo),
  };
}

function finish(
  numbers: Float64Array,
  variants: readonly NumberSampler[],
  labels: readonly (string | number)[] | undefined,
  convertTo: string | null,
): ColumnData {
  if (labels !== undefined) return finishLabels(numbers, labels, convertTo);
  if (variants[0]?.output === "time") return finishTimes(numbers, convertTo);
  return finishNumbers(
    numbers,
    variants.every(({ output }) => output === "int"),
    convertTo,
  );
}

/** The labels of all variants in one list, and by how much the positions of each variant move in it. */
function joinLabels(variants: readonly NumberSampler[]): {
  readonly labels: readonly (string | number)[] | undefined;
  readonly shifts: readonly (Int32Array | undefined)[];
} {
  if (variants[0]?.labels === undefined) return { labels: undefined, shifts: [] };
  const isMixed = variants.some((sampler) => sampler.labels?.some((label) => typeof label === "string"));
  const lists = variants.map((sampler) => (isMixed ? (sampler.labels ?? []).map(String) : (sampler.labels ?? [])));
  const labels: (string | number)[] = [...new Set<string | number>(lists.flat())];
  const position = new Map(labels.map((label, index) => [label, index]));
  return { labels, shifts: lists.map((list) => Int32Array.from(list, (label) => position.get(label) ?? 0)) };
}

const asIs = (value: number): number => value;

function compileGrid(
  sampler: NumberSampler,
  convertTo: string | null,
  labels: readonly (string | number)[] | undefined,
  shifts: Int32Array | undefined,
): Grid {
  if (labels !== undefined) {
    const numbers = labelNumbersOrNone(labels, convertTo);
    return {
      settle: (code) => shifts?.[code] ?? 0,
      shown: (code) => numbers?.[code] ?? Number.NaN,
      step: 0,
      unit: undefined,
    };
  }
  if (sampler.output === "time") {
    const shownUnit = finestUnit(convertTo ?? DEFAULT_TIME_FORMAT);
    const ownUnit = sampler.unit ?? "s";
    const unit = TIME_UNITS.indexOf(shownUnit) < TIME_UNITS.indexOf(ownUnit) ? shownUnit : ownUnit;
    return { settle: asIs, shown: (seconds) => truncateTime(seconds, unit), step: 0, unit };
  }
  const { decimalPlaces } = sampler;
  const round = decimalPlaces === undefined ? asIs : compileRound(decimalPlaces);
  if (convertTo === "int") {
    return { settle: (value) => roundHalfEven(round(value)), shown: asIs, step: 1, unit: undefined };
  }
  return { settle: round, shown: asIs, step: decimalPlaces === undefined ? 0 : 10 ** -decimalPlaces, unit: undefined };
}

function compileComparable(
  numbers: Float64Array,
  grid: Grid,
  labels: readonly (string | number)[] | undefined,
  convertTo: string | null,
): () => Float64Array | undefined {
  if (labels !== undefined && labelNumbersOrNone(labels, convertTo) === undefined) return () => undefined;
  return labels === undefined && grid.unit === undefined ? () => numbers : () => numbers.map(grid.shown);
}

/** Text labels that read as numbers are compared as numbers only once they are converted to some. */
function labelNumbersOrNone(
  labels: readonly (string | number)[],
  convertTo: string | null,
): readonly number[] | undefined {
  return labelNumbers(
    labels,
    convertTo === "str" && labels.every((label) => typeof label === "number") ? null : convertTo,
  );
}
