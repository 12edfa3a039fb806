import { describe, expect, it } from "vitest";

import { logGamma, normalCdf } from "../../../engine/data/samplers/math.ts";
import type { Table } from "../../../engine/data/table.ts";
import { type ColumnDraft, groupOf, numbersOf, personGroupOf, shown, text } from "./samplers/design.ts";
import {
  DEVIATIONS,
  KOLMOGOROV,
  distributionError,
  meanError,
  sharesError,
  varianceError,
} from "./samplers/statistics.ts";

/**
 * What holds between columns, between rows and under conditions, and the shape of samplers whose mean and variance alone
 * are checked beside them. Each claim is over 30,000 rows of a fixed seed, within 4.5 standard errors or p = 5e-5.
 */
const ROWS = 30_000;
const range = { firstRow: 0, rowCount: ROWS };
const KINDS = ["a", "b", "c"];

/** One column of every numeric kind, two of which follow the category `kind`. */
const COLUMNS: readonly ColumnDraft[] = [
  { name: "kind", sampler_type: "category", params: { values: KINDS, weights: [2, 1, 1] } },
  { name: "uniform", sampler_type: "uniform", params: { low: 0, high: 1 } },
  { name: "gaussian", sampler_type: "gaussian", params: { mean: 0, stddev: 1 } },
  { name: "bernoulli", sampler_type: "bernoulli", params: { p: 0.3 } },
  { name: "mixture", sampler_type: "bernoulli_mixture", params: { p: 0.4, dist_name: "expon", dist_params: {} } },
  { name: "binomial", sampler_type: "binomial", params: { n: 6, p: 0.5 } },
  { name: "poisson", sampler_type: "poisson", params: { mean: 4 } },
  { name: "scipy", sampler_type: "scipy", params: { dist_name: "gamma", dist_params: { a: 2 } } },
  { name: "day", sampler_type: "datetime", params: { start: "2024-01-01", end: "2025-01-01", unit: "s" } },
  {
    name: "height",
    sampler_type: "gaussian",
    params: { mean: 0, stddev: 1 },
    conditional_params: { "kind == 'b'": { mean: 50, stddev: 2 }, "kind == 'c'": { mean: 90, stddev: 3 } },
  },
  {
    name: "width",
    sampler_type: "uniform",
    params: { low: 0, high: 1 },
    conditional_params: { "kind == 'b'": { low: 10, high: 12 }, "kind == 'c'": { low: 20, high: 24 } },
  },
];
const NUMERIC = COLUMNS.slice(1, 9).map(({ name }) => name);
const table = groupOf(COLUMNS).generate(range);

/** Standard errors that the correlation of two lists is away from 0. */
function correlationError(left: ArrayLike<number>, right: ArrayLike<number>): number {
  const count = left.length;
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / count;
  const [leftMean, rightMean] = [mean(left), mean(right)];
  let both = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (let at = 0; at < count; at += 1) {
    const [x, y] = [(left[at] ?? 0) - leftMean, (right[at] ?? 0) - rightMean];
    both += x * y;
    leftSquares += x * x;
    rightSquares += y * y;
  }
  return Math.abs(both / Math.sqrt(leftSquares * rightSquares)) * Math.sqrt(count);
}

const ofKind = (made: Table, name: string, kind: string): Float64Array => {
  const kinds = shown(made, "kind");
  return numbersOf(made, name).filter((_, row) => kinds[row] === kind);
};

describe("30,000 rows of every numeric sampler", () => {
  const pairs = NUMERIC.flatMap((left, at) => NUMERIC.slice(at + 1).map((right) => [left, right] as const));

  it.each(pairs)("%s and %s are uncorrelated", (left, right) => {
    expect(correlationError(numbersOf(table, left), numbersOf(table, right))).toBeLessThan(DEVIATIONS);
  });

  it.each(NUMERIC)("%s does not depend on the rows before", (name) => {
    const values = numbersOf(table, name);
    for (const lag of [1, 2, 64]) {
      expect(correlationError(values.subarray(lag), values.subarray(0, -lag))).toBeLessThan(DEVIATIONS);
    }
  });

  it("pairs of values of two categories come as often as their shares say", () => {
    const made = groupOf([
      { name: "left", sampler_type: "category", params: { values: ["a", "b", "c"], weights: [5, 3, 2] } },
      { name: "right", sampler_type: "category", params: { values: ["x", "y"], weights: [1, 3] } },
    ]).generate(range);
    const right = shown(made, "right");
    const seen = shown(made, "left").map((value, row) => `${text(value)} ${text(right[row])}`);
    const shares = new Map(
      Object.entries({ a: 0.5, b: 0.3, c: 0.2 }).flatMap(([value, share]) => [
        [`${value} x`, share * 0.25] as const,
        [`${value} y`, share * 0.75] as const,
      ]),
    );
    expect(sharesError(seen, shares)).toBeLessThan(DEVIATIONS);
  });
});

describe("columns that follow the same category", () => {
  it.each([
    ["a", 0, 1, 0, 1],
    ["b", 50, 2, 10, 12],
    ["c", 90, 3, 20, 24],
  ] as const)(
    "have their distributions where it is %s, and are independent of each other there",
    (kind, mean, stddev, low, high) => {
      const height = ofKind(table, "height", kind);
      const width = ofKind(table, "width", kind);
      expect(height.length).toBeGreaterThan(7_000);
      expect(distributionError(height, (x) => normalCdf((x - mean) / stddev))).toBeLessThan(KOLMOGOROV);
      expect(distributionError(width, (x) => (x - low) / (high - low))).toBeLessThan(KOLMOGOROV);
      expect(correlationError(height, width)).toBeLessThan(DEVIATIONS);
    },
  );

  it("are far from independent over all rows", () => {
    expect(correlationError(numbersOf(table, "height"), numbersOf(table, "width"))).toBeGreaterThan(50);
  });
});

const choose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

describe("the shape of samplers", () => {
  it("binomial and poisson: chi-square over all values", () => {
    const binomial = Array.from({ length: 7 }, (_, k) => [k, Math.exp(choose(6, k)) / 64] as const);
    const poisson = Array.from({ length: 40 }, (_, k) => [k, Math.exp(k * Math.log(4) - 4 - logGamma(k + 1))] as const);
    expect(sharesError(numbersOf(table, "binomial"), new Map(binomial))).toBeLessThan(DEVIATIONS);
    expect(sharesError(numbersOf(table, "poisson"), new Map(poisson))).toBeLessThan(DEVIATIONS);
  });

  it("bernoulli_mixture: zero as often as it says, and its distribution otherwise", () => {
    const values = numbersOf(table, "mixture");
    const zeros = Array.from(values, (value) => (value === 0 ? "zero" : "drawn"));
    expect(sharesError(zeros, new Map([["zero", 0.6], ["drawn", 0.4]]))).toBeLessThan(DEVIATIONS); // prettier-ignore
    const drawn = values.filter((value) => value !== 0);
    expect(distributionError(drawn, (x) => 1 - Math.exp(-x))).toBeLessThan(KOLMOGOROV);
  });

  it("datetime: evenly over the seconds of a leap year, its end excluded", () => {
    const seconds = numbersOf(table, "day");
    const [start, length] = [Date.UTC(2024, 0, 1) / 1_000, 366 * 86_400];
    expect(distributionError(seconds, (x) => (x - start) / length)).toBeLessThan(KOLMOGOROV);
    expect(seconds.every((second) => second >= start && second < start + length)).toBe(true);
  });

  it("timedelta: each distance equally often, whatever the reference", () => {
    const made = groupOf([
      { name: "from", sampler_type: "datetime", params: { start: "2024-01-01", end: "2025-01-01" } },
      {
        name: "to",
        sampler_type: "timedelta",
        params: { reference_column_name: "from", dt_min: 1, dt_max: 11, unit: "D" },
      },
    ]).generate(range);
    const from = numbersOf(made, "from");
    const days = numbersOf(made, "to").map((time, row) => (time - (from[row] ?? 0)) / 86_400);
    const shares = new Map(Array.from({ length: 10 }, (_, at) => [at + 1, 0.1] as const));
    expect(sharesError(days, shares)).toBeLessThan(DEVIATIONS);
    expect(meanError(days, 5.5, 8.25)).toBeLessThan(DEVIATIONS);
    expect(varianceError(days, 8.25)).toBeLessThan(DEVIATIONS);
    expect(correlationError(days, from)).toBeLessThan(DEVIATIONS);
  });

  it("subcategory: independent of a third column given its parent", () => {
    const made = groupOf([
      { name: "kind", sampler_type: "category", params: { values: ["a", "b"] } },
      {
        name: "part",
        sampler_type: "subcategory",
        params: { category: "kind", values: { a: [1, 2, 3], b: [4, 5] } },
      },
      { name: "noise", sampler_type: "uniform", params: { low: 0, high: 1 } },
    ]).generate(range);
    for (const kind of ["a", "b"]) {
      expect(correlationError(ofKind(made, "part", kind), ofKind(made, "noise", kind))).toBeLessThan(DEVIATIONS);
    }
  });

  it("persons, 6,000 rows: ages 18 to 77 and sexes equally often, independent of each other", async () => {
    const group = await personGroupOf([
      { name: "p", sampler_type: "person_from_faker", params: { locale: "en_US", age_range: [18, 77] } },
    ]);
    const people = shown(group.generate({ firstRow: 0, rowCount: 6_000 }), "p").map(
      // A person column holds objects only.
      (value) => value as { readonly age: number; readonly sex: string },
    );
    const ages = people.map(({ age }) => age);
    const shares = new Map(Array.from({ length: 60 }, (_, at) => [18 + at, 1 / 60] as const));
    expect(sharesError(ages, shares)).toBeLessThan(DEVIATIONS);
    const isMale = people.map(({ sex }) => (sex === "Male" ? 1 : 0));
    expect(sharesError(isMale, new Map([[0, 0.5], [1, 0.5]]))).toBeLessThan(DEVIATIONS); // prettier-ignore
    expect(correlationError(ages, isMale)).toBeLessThan(DEVIATIONS);
  });
});

describe("constraints over 30,000 rows", () => {
  it.each(["lt", "le", "gt", "ge"])("x %s y: not one violation, also after rounding", (operator) => {
    const made = groupOf(
      [
        { name: "y", sampler_type: "uniform", params: { low: 20, high: 200, decimal_places: 1 } },
        { name: "x", sampler_type: "gaussian", params: { mean: 100, stddev: 60, decimal_places: 1 } },
      ],
      { constraints: [{ target_column: "x", operator, rhs: "y" }] },
    ).generate(range);
    const y = numbersOf(made, "y");
    const holds = {
      lt: (d: number) => d < 0,
      le: (d: number) => d <= 0,
      gt: (d: number) => d > 0,
      ge: (d: number) => d >= 0,
    };
    const check = Object.entries(holds).find(([name]) => name === operator)?.[1];
    expect(numbersOf(made, "x").filter((x, row) => check?.(x - (y[row] ?? 0)) !== true)).toHaveLength(0);
    // The other column keeps its distribution: rounded to tenths of a range of 180, far below the tolerance.
    expect(distributionError(y, (value) => Math.min(1, Math.max(0, (value - 20) / 180)))).toBeLessThan(KOLMOGOROV);
  });

  it("price <= list price and price > 0: the price is the normal, cut at both, given its list price", () => {
    const made = groupOf(
      [
        { name: "list", sampler_type: "uniform", params: { low: 20, high: 200 } },
        { name: "price", sampler_type: "gaussian", params: { mean: 80, stddev: 30 } },
      ],
      {
        constraints: [
          { target_column: "price", operator: "gt", rhs: 0 },
          { target_column: "price", operator: "le", rhs: "list" },
        ],
      },
    ).generate(range);
    const list = numbersOf(made, "list");
    const at = (x: number): number => normalCdf((x - 80) / 30);
    const shares = numbersOf(made, "price").map((price, row) => (at(price) - at(0)) / (at(list[row] ?? 0) - at(0)));
    expect(distributionError(shares, (x) => x)).toBeLessThan(KOLMOGOROV);
    expect(correlationError(shares, list)).toBeLessThan(DEVIATIONS);
  });
});
