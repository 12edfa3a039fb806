import { parseTime, SECONDS_PER_UNIT, truncateTime } from "../time.ts";
import type { SamplerColumn } from "./design.ts";
import { ANYTHING, closed, hull, isEmpty } from "./interval.ts";
import type { Interval } from "./interval.ts";
import { allParams } from "./references.ts";
import type { SamplerParams, SamplerType } from "./sampler-params.ts";

/** How the values of a sampler column compare: as numbers, as times, or not by size. */
export type ValueKind = "number" | "time" | "other";

/** Kind of the column's values; labels count as numbers when all of them are. */
export function valueKind(column: SamplerColumn): ValueKind {
  switch (column.sampler_type) {
    case "datetime":
    case "timedelta":
      return "time";
    case "uuid":
    case "person":
    case "person_from_faker":
      return "other";
    case "category":
      return allParams(column).every((params) => params.values.every(isNumber)) ? "number" : "other";
    case "subcategory":
      return allParams(column).every((params) => Object.values(params.values).flat().every(isNumber))
        ? "number"
        : "other";
    case "uniform":
    case "gaussian":
    case "bernoulli":
    case "bernoulli_mixture":
    case "binomial":
    case "poisson":
    case "scipy":
      return "number";
  }
}

/**
 * What the column can take with one set of parameters, times as Unix seconds; never less than it can take, so that an
 * empty intersection is a proof. `others` holds what is known of columns that were looked at before.
 */
export function supportOf(
  column: SamplerColumn,
  params: SamplerParams,
  others: ReadonlyMap<string, Interval>,
): Interval {
  const drawn = drawnSupport(params, others);
  const places = "decimal_places" in params ? params.decimal_places : null;
  // Rounding can carry a value over the end, so the rounded ends count as well.
  const rounded = places === null ? drawn : hull(drawn, roundEnds(drawn, 10 ** places));
  return column.convert_to === "int" ? roundEnds(rounded, 1) : rounded;
}

function drawnSupport(params: SamplerParams, others: ReadonlyMap<string, Interval>): Interval {
  switch (params.sampler_type) {
    case "uniform":
      return params.low < params.high
        ? { ...closed(params.low, params.high), isHighOpen: true }
        : closed(params.low, params.low);
    case "gaussian":
      return params.stddev === 0 ? closed(params.mean, params.mean) : ANYTHING;
    case "bernoulli":
      return closed(params.p === 1 ? 1 : 0, params.p === 0 ? 0 : 1);
    case "bernoulli_mixture":
      return hull(closed(0, 0), distributionSupport(params.dist_name, params.dist_params));
    case "binomial":
      return closed(0, params.n);
    case "poisson":
      return closed(0, params.mean === 0 ? 0 : Infinity);
    case "scipy":
      return distributionSupport(params.dist_name, params.dist_params);
    case "category":
      return numbersSupport(params.values);
    case "subcategory":
      return numbersSupport(Object.values(params.values).flat());
    case "datetime": {
      const start = parseTime(params.start);
      const end = parseTime(params.end) ?? Infinity;
      const low = start === undefined ? -Infinity : truncateTime(start, params.unit);
      return { ...closed(low, end), isHighOpen: true };
    }
    case "timedelta": {
      const reference = others.get(params.reference_column_name) ?? ANYTHING;
      const unit = SECONDS_PER_UNIT[params.unit];
      return {
        ...reference,
        low: reference.low + params.dt_min * unit,
        high: reference.high + (params.dt_max - 1) * unit,
      };
    }
    case "uuid":
    case "person":
    case "person_from_faker":
      return ANYTHING;
  }
}

/** Standard form (loc 0, scale 1) of the distributions that do not reach over all numbers. */
const STANDARD_SUPPORTS: Readonly<Record<string, (params: Readonly<Record<string, number>>) => Interval>> = {
  uniform: () => closed(0, 1),
  expon: () => closed(0, Infinity),
  gamma: () => closed(0, Infinity),
  beta: () => closed(0, 1),
  lognorm: () => closed(0, Infinity),
  weibull_min: () => closed(0, Infinity),
  pareto: () => closed(1, Infinity),
  triang: () => closed(0, 1),
  truncnorm: ({ a = -Infinity, b = Infinity }) => closed(a, b),
  chi2: () => closed(0, Infinity),
  rayleigh: () => closed(0, Infinity),
  randint: ({ low = -Infinity, high = Infinity }) => closed(low, high - 1),
  poisson: () => closed(0, Infinity),
  binom: ({ n = Infinity }) => closed(0, n),
  geom: () => closed(1, Infinity),
  nbinom: () => closed(0, Infinity),
  hypergeom: ({ n = Infinity, N = Infinity }) => closed(0, Math.min(n, N)),
  zipf: () => closed(1, Infinity),
  bernoulli: () => closed(0, 1),
};

function distributionSupport(name: string, raw: Readonly<Record<string, number | boolean>>): Interval {
  const params = Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, Number(value)]));
  const standard = Object.hasOwn(STANDARD_SUPPORTS, name) ? STANDARD_SUPPORTS[name]?.(params) : undefined;
  const { loc = 0, scale = 1 } = params;
  if (standard === undefined || isEmpty(standard) || !(scale > 0)) return ANYTHING;
  return closed(loc + scale * standard.low, loc + scale * standard.high);
}

function numbersSupport(values: readonly (string | number)[]): Interval {
  const numbers = values.filter(isNumber).map(Number);
  return numbers.length === values.length && numbers.length > 0
    ? numbers.map((value) => closed(value, value)).reduce(hull)
    : ANYTHING;
}

function roundEnds({ low, high }: Interval, steps: number): Interval {
  const round = (value: number, how: (value: number) => number): number =>
    Number.isFinite(value) ? how(value * steps) / steps : value;
  // The nearest step of an end lies within half a step; both directions are taken so that ties need no rule.
  return closed(
    round(low, (value) => Math.ceil(value - 0.5)),
    round(high, (value) => Math.floor(value + 0.5)),
  );
}

function isNumber(value: string | number): boolean {
  return typeof value === "number" || (value.trim() !== "" && Number.isFinite(Number(value)));
}

/** Sampler types whose values are numbers by themselves. */
export const NUMERIC_SAMPLERS: readonly SamplerType[] = [
  "uniform",
  "gaussian",
  "bernoulli",
  "bernoulli_mixture",
  "binomial",
  "poisson",
  "scipy",
];
