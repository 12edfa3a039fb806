import { describe, expect, it } from "vitest";

import { ServiceError } from "../../../../lib/errors.ts";
import { normalCdf } from "../../../../engine/data/samplers/math.ts";
import { type ColumnDraft, groupOf, numbersOf, shown, text } from "../samplers/design.ts";
import { DEVIATIONS, KOLMOGOROV, distributionError, sharesError } from "../samplers/statistics.ts";

const rows = { firstRow: 0, rowCount: 20_000 };

const gaussian = (name: string, params: object = {}): ColumnDraft => ({
  name,
  sampler_type: "gaussian",
  params: { mean: 0, stddev: 1, ...params },
});

function pairs(
  columns: readonly ColumnDraft[],
  operator: string,
  target: string,
  rhs: string,
): readonly [number, number][] {
  const table = groupOf(columns, { constraints: [{ target_column: target, operator, rhs }] }).generate(rows);
  const right = numbersOf(table, rhs);
  return Array.from(numbersOf(table, target), (value, row) => [value, right[row] ?? Number.NaN]);
}

describe("a scalar constraint", () => {
  it("makes a gaussian the truncated normal: Kolmogorov-Smirnov over 20,000 rows", () => {
    const table = groupOf([gaussian("x")], {
      constraints: [
        { target_column: "x", operator: "gt", rhs: 0.5 },
        { target_column: "x", operator: "lt", rhs: 2 },
      ],
    }).generate(rows);
    const [from, to] = [normalCdf(0.5), normalCdf(2)];
    expect(distributionError(numbersOf(table, "x"), (x) => (normalCdf(x) - from) / (to - from))).toBeLessThan(
      KOLMOGOROV,
    );
  });

  it("far in the tail is drawn at once", () => {
    const table = groupOf([gaussian("x")], {
      constraints: [{ target_column: "x", operator: "ge", rhs: 9 }],
    }).generate(rows);
    expect(distributionError(numbersOf(table, "x"), (x) => 1 - normalCdf(-x) / normalCdf(-9))).toBeLessThan(KOLMOGOROV);
  });

  it("makes evenly spread whole numbers fewer ones, without drawing again", () => {
    const whole = {
      name: "n",
      sampler_type: "scipy",
      params: { dist_name: "randint", dist_params: { low: 0, high: 1e9 } },
    };
    const table = groupOf([{ ...whole, convert_to: "int" }], {
      constraints: [
        { target_column: "n", operator: "gt", rhs: 999_999_995 },
        { target_column: "n", operator: "le", rhs: 999_999_998 },
      ],
    }).generate(rows);
    const shares = new Map([996, 997, 998].map((end) => [999_999_000 + end, 1 / 3]));
    expect(sharesError(numbersOf(table, "n"), shares)).toBeLessThan(DEVIATIONS);
  });

  it("makes a uniform the shorter uniform", () => {
    const table = groupOf([{ name: "x", sampler_type: "uniform", params: { low: 0, high: 10 } }], {
      constraints: [{ target_column: "x", operator: "ge", rhs: 9.99 }],
    }).generate(rows);
    expect(distributionError(numbersOf(table, "x"), (x) => (x - 9.99) / 0.01)).toBeLessThan(KOLMOGOROV);
  });

  it("on a sampler that only rejection can bound keeps its conditional distribution", () => {
    const table = groupOf(
      [
        { name: "x", sampler_type: "scipy", params: { dist_name: "expon", dist_params: {} } },
        { name: "n", sampler_type: "category", params: { values: [1, 2, 3, 4] } },
      ],
      {
        constraints: [
          { target_column: "x", operator: "gt", rhs: 2 },
          { target_column: "n", operator: "gt", rhs: 2 },
        ],
      },
    ).generate(rows);
    expect(distributionError(numbersOf(table, "x"), (x) => 1 - Math.exp(2 - x))).toBeLessThan(KOLMOGOROV);
    expect(sharesError(numbersOf(table, "n"), new Map([[3, 0.5], [4, 0.5]]))).toBeLessThan(DEVIATIONS); // prettier-ignore
  });

  it("given as old configs have it counts too", () => {
    const table = groupOf([gaussian("x")], {
      constraints: [{ target_column: "x", operator: "lt", rhs: "-1" }],
    }).generate(rows);
    expect(numbersOf(table, "x").every((value) => value < -1)).toBe(true);
  });
});

describe("a column constraint", () => {
  it.each([
    ["lt", (left: number, right: number) => left < right],
    ["le", (left: number, right: number) => left <= right],
    ["gt", (left: number, right: number) => left > right],
    ["ge", (left: number, right: number) => left >= right],
  ] as const)("%s holds in every row, rounded or not", (operator, holds) => {
    for (const decimals of [null, 0, 1]) {
      const columns = [gaussian("x", { decimal_places: decimals }), gaussian("y", { decimal_places: decimals })];
      const all = pairs(columns, operator, "x", "y");
      expect(all.filter(([left, right]) => !holds(left, right))).toEqual([]);
    }
  });

  it("that is strict is not broken by rounding, and rounding changes no probability", () => {
    const table = groupOf([{ name: "x", sampler_type: "uniform", params: { low: 0, high: 4, decimal_places: 0 } }], {
      constraints: [{ target_column: "x", operator: "gt", rhs: 0 }],
    }).generate(rows);
    // Without the constraint 0 and 4 have half the share of 1, 2 and 3.
    expect(sharesError(numbersOf(table, "x"), new Map([[1, 2 / 7], [2, 2 / 7], [3, 2 / 7], [4, 1 / 7]]))).toBeLessThan(DEVIATIONS); // prettier-ignore
  });

  it("on a column converted to int compares the whole number", () => {
    const columns = [{ ...gaussian("x", { stddev: 3 }), convert_to: "int" }, gaussian("y", { stddev: 3 })];
    const all = pairs(columns, "lt", "x", "y");
    expect(all.every(([left, right]) => Number.isInteger(left) && left < right)).toBe(true);
  });

  it("orders days: every due date is after its invoice date", () => {
    const params = { start: "2024-01-01", end: "2024-12-31" };
    const all = pairs(
      [
        { name: "invoice", sampler_type: "datetime", params },
        { name: "due", sampler_type: "datetime", params: { start: "2024-01-01", end: "2025-01-01" } },
      ],
      "gt",
      "due",
      "invoice",
    );
    expect(all.every(([due, invoice]) => due > invoice && due % 86_400 === 0)).toBe(true);
  });

  it("orders times as they are shown, not as they were drawn", () => {
    const params = { start: "2024-01-01", end: "2024-01-20", unit: "s" };
    const columns = ["from", "to"].map((name) => ({
      name,
      sampler_type: "datetime",
      params: name === "to" ? { ...params, end: "2024-01-25" } : params,
      convert_to: "%Y-%m-%d",
    }));
    const table = groupOf(columns, { constraints: [{ target_column: "to", operator: "gt", rhs: "from" }] }).generate(
      rows,
    );
    const from = shown(table, "from");
    expect(shown(table, "to").every((day, row) => text(day) > text(from[row]))).toBe(true);
  });

  it("bounds a timedelta", () => {
    const table = groupOf(
      [
        { name: "a", sampler_type: "datetime", params: { start: "2024-01-01", end: "2024-02-01" } },
        { name: "b", sampler_type: "timedelta", params: { dt_min: 0, dt_max: 30, reference_column_name: "a" } },
        { name: "c", sampler_type: "timedelta", params: { dt_min: 0, dt_max: 60, reference_column_name: "a" } },
      ],
      { constraints: [{ target_column: "c", operator: "gt", rhs: "b" }] },
    ).generate(rows);
    const b = numbersOf(table, "b");
    expect(numbersOf(table, "c").every((time, row) => time > (b[row] ?? 0))).toBe(true);
  });
});

describe("a constraint that cannot be satisfied", () => {
  it("names the column, the constraint and the share of rows that failed", () => {
    const group = groupOf(
      [
        { name: "low", sampler_type: "category", params: { values: [1, 100], weights: [3, 1] } },
        { name: "high", sampler_type: "uniform", params: { low: 0, high: 10 } },
      ],
      { constraints: [{ target_column: "high", operator: "gt", rhs: "low" }] },
    );
    expect(() => group.generate({ firstRow: 0, rowCount: 100 })).toThrow(
      /^column "high": 2\d of 100 rows \(2\d\.0 %\) have no value with high > low in 5000 draws; relax/,
    );
  });

  it("stops early when row after row fails, also where only rejection helps", () => {
    const group = groupOf([{ name: "x", sampler_type: "poisson", params: { mean: 1 } }], {
      constraints: [{ target_column: "x", operator: "lt", rhs: 0 }],
    });
    let thrown: unknown;
    try {
      group.generate(rows);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ServiceError);
    expect(thrown).toMatchObject({
      code: "invalid_input",
      data: { column: "x", failed_rows: 100, tried_rows: 100, max_attempts: 5_000 },
    });
  });

  it("because a column holds text is refused", () => {
    const group = groupOf(
      [
        { name: "size", sampler_type: "category", params: { values: ["S", "L"] } },
        { name: "x", sampler_type: "uniform", params: { low: 0, high: 1 } },
      ],
      { constraints: [{ target_column: "size", operator: "lt", rhs: "x" }] },
    );
    expect(() => group.generate({ firstRow: 0, rowCount: 3 })).toThrow('column "size" holds text');
  });

  it("because no rounded number lies between is found without drawing", () => {
    const group = groupOf([gaussian("x", { decimal_places: 0 })], {
      constraints: [
        { target_column: "x", operator: "gt", rhs: 2 },
        { target_column: "x", operator: "lt", rhs: 3 },
      ],
    });
    expect(() => group.generate({ firstRow: 0, rowCount: 10 })).toThrow('column "x": 10 of 10 rows (100 %)');
  });
});
