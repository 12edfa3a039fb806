import { describe, expect, it } from "vitest";

import { parseTime } from "../../../../engine/data/time.ts";
import { groupOf, numbersOf, shown, text } from "./design.ts";
import { normalCdf } from "../../../../engine/data/samplers/math.ts";
import { DEVIATIONS, KOLMOGOROV, distributionError, meanError, sharesError, varianceError } from "./statistics.ts";

const ROWS = 30_000;
const range = { firstRow: 0, rowCount: ROWS };

describe("category", () => {
  it("draws values by weight: chi-square over 30,000 rows", () => {
    const table = groupOf([
      { name: "c", sampler_type: "category", params: { values: ["a", "b", "c"], weights: [5, 3, 2] } },
    ]).generate(range);
    expect(table.columns.get("c")?.type).toBe("category");
    expect(sharesError(shown(table, "c"), new Map([["a", 0.5], ["b", 0.3], ["c", 0.2]]))).toBeLessThan(DEVIATIONS); // prettier-ignore
  });

  it("draws values without weights equally often, and never one with the weight 0", () => {
    const table = groupOf([
      { name: "c", sampler_type: "category", params: { values: ["a", "b", "c", "d"] } },
      { name: "z", sampler_type: "category", params: { values: ["no", "yes"], weights: [0, 2] } },
    ]).generate(range);
    expect(sharesError(shown(table, "c"), new Map(["a", "b", "c", "d"].map((value) => [value, 0.25])))).toBeLessThan(
      DEVIATIONS,
    );
    expect(new Set(shown(table, "z"))).toEqual(new Set(["yes"]));
  });

  it("keeps numbers as numbers and makes mixed values text", () => {
    const table = groupOf([
      { name: "whole", sampler_type: "category", params: { values: [1, 2] } },
      { name: "parts", sampler_type: "category", params: { values: [0.5, 2] } },
      { name: "mixed", sampler_type: "category", params: { values: ["n/a", 7] } },
      { name: "read", sampler_type: "category", params: { values: ["10", "20"] }, convert_to: "int" },
      { name: "text", sampler_type: "category", params: { values: [1, 2.5] }, convert_to: "str" },
    ]).generate({ firstRow: 0, rowCount: 50 });
    expect(["whole", "parts", "mixed", "read", "text"].map((name) => table.columns.get(name)?.type)).toEqual([
      "int",
      "float",
      "category",
      "int",
      "category",
    ]);
    expect(new Set(shown(table, "mixed"))).toEqual(new Set(["n/a", "7"]));
    expect(new Set(shown(table, "read"))).toEqual(new Set([10, 20]));
    expect(new Set(shown(table, "text"))).toEqual(new Set(["1.0", "2.5"]));
  });
});

describe("subcategory", () => {
  it("draws from the list of the row's parent, each value equally often", () => {
    const table = groupOf([
      { name: "country", sampler_type: "category", params: { values: ["DE", "FR"], weights: [3, 1] } },
      {
        name: "city",
        sampler_type: "subcategory",
        params: { category: "country", values: { DE: ["Berlin", "Bonn", "Ulm"], FR: ["Paris"] } },
      },
    ]).generate(range);
    const cities = shown(table, "city");
    const pairs = shown(table, "country").map((country, row) => `${text(country)} ${text(cities[row])}`);
    expect(sharesError(pairs, new Map([["DE Berlin", 0.25], ["DE Bonn", 0.25], ["DE Ulm", 0.25], ["FR Paris", 0.25]]))).toBeLessThan(DEVIATIONS); // prettier-ignore
    expect(new Set(pairs).size).toBe(4);
  });

  it("finds the list of a parent that is a number", () => {
    const table = groupOf([
      { name: "level", sampler_type: "category", params: { values: [1, 2] } },
      { name: "room", sampler_type: "subcategory", params: { category: "level", values: { 1: [101, 102], 2: [201] } } },
    ]).generate({ firstRow: 0, rowCount: 200 });
    const rooms = numbersOf(table, "room");
    expect(numbersOf(table, "level").every((level, row) => Math.floor((rooms[row] ?? 0) / 100) === level)).toBe(true);
  });
});

describe("numbers", () => {
  const table = groupOf([
    { name: "uniform", sampler_type: "uniform", params: { low: -5, high: 20 } },
    { name: "gaussian", sampler_type: "gaussian", params: { mean: 100, stddev: 15 } },
    { name: "bernoulli", sampler_type: "bernoulli", params: { p: 0.1 } },
    {
      name: "mixture",
      sampler_type: "bernoulli_mixture",
      params: { p: 0.2, dist_name: "gamma", dist_params: { a: 2 } },
    },
    { name: "binomial", sampler_type: "binomial", params: { n: 10, p: 0.3 } },
    { name: "poisson", sampler_type: "poisson", params: { mean: 3 } },
    { name: "scipy", sampler_type: "scipy", params: { dist_name: "expon", dist_params: { scale: 4 } } },
  ]).generate(range);

  it("uniform and gaussian have their distribution functions: Kolmogorov-Smirnov over 30,000 rows", () => {
    expect(distributionError(numbersOf(table, "uniform"), (x) => (x + 5) / 25)).toBeLessThan(KOLMOGOROV);
    expect(distributionError(numbersOf(table, "gaussian"), (x) => normalCdf((x - 100) / 15))).toBeLessThan(KOLMOGOROV);
    expect(distributionError(numbersOf(table, "scipy"), (x) => 1 - Math.exp(-x / 4))).toBeLessThan(KOLMOGOROV);
  });

  it.each([
    ["bernoulli", 0.1, 0.09, "int"],
    ["mixture", 0.4, 0.2 * 6 - 0.16, "float"],
    ["binomial", 3, 2.1, "int"],
    ["poisson", 3, 3, "int"],
  ])("%s has its mean and variance within 4.5 standard errors of 30,000 rows", (name, mean, variance, type) => {
    expect(table.columns.get(name)?.type).toBe(type);
    expect(meanError(numbersOf(table, name), mean, variance)).toBeLessThan(DEVIATIONS);
    expect(varianceError(numbersOf(table, name), variance)).toBeLessThan(DEVIATIONS);
  });

  it("of different columns are uncorrelated", () => {
    const left = numbersOf(table, "uniform");
    const right = numbersOf(table, "gaussian");
    const products = left.map((value, row) => (value - 7.5) * ((right[row] ?? 0) - 100));
    expect(meanError(products, 0, (25 ** 2 / 12) * 15 ** 2)).toBeLessThan(DEVIATIONS);
  });

  it("are rounded, and converted to whole numbers, floats and Python's text", () => {
    const converted = groupOf([
      { name: "two", sampler_type: "gaussian", params: { mean: 0, stddev: 3, decimal_places: 2 } },
      { name: "int", sampler_type: "gaussian", params: { mean: 0, stddev: 3 }, convert_to: "int" },
      { name: "text", sampler_type: "uniform", params: { low: 0, high: 2, decimal_places: 0 }, convert_to: "str" },
      { name: "count", sampler_type: "poisson", params: { mean: 2 }, convert_to: "str" },
      { name: "float", sampler_type: "poisson", params: { mean: 2 }, convert_to: "float" },
    ]).generate({ firstRow: 0, rowCount: 2_000 });
    expect(numbersOf(converted, "two").every((value) => /^-?\d+(\.\d{1,2})?$/.test(String(value)))).toBe(true);
    expect(numbersOf(converted, "int").every((value) => Number.isInteger(value))).toBe(true);
    expect(new Set(shown(converted, "text"))).toEqual(new Set(["0.0", "1.0", "2.0"]));
    expect(shown(converted, "count").every((value) => /^\d+$/.test(text(value)))).toBe(true);
    expect(["int", "float", "text"].map((name) => converted.columns.get(name)?.type)).toEqual(["int", "float", "text"]);
  });
});

describe("datetime and timedelta", () => {
  it("draw each day of the range equally often, its end excluded", () => {
    const table = groupOf([
      { name: "day", sampler_type: "datetime", params: { start: "2024-01-01", end: "2024-01-11" } },
    ]).generate(range);
    const days = Array.from({ length: 10 }, (_, index) => `2024-01-${String(index + 1).padStart(2, "0")}T00:00:00`);
    expect(sharesError(shown(table, "day"), new Map(days.map((day) => [day, 0.1])))).toBeLessThan(DEVIATIONS);
    expect(new Set(shown(table, "day"))).toEqual(new Set(days));
  });

  it("cut to the unit and are shown by the pattern", () => {
    const params = { start: "2020-01-15T10:00:00", end: "2024-01-01" };
    const units = ["Y", "M", "D", "h", "m", "s"];
    const table = groupOf([
      ...units.map((unit) => ({ name: unit, sampler_type: "datetime", params: { ...params, unit } })),
      { name: "shown", sampler_type: "datetime", params, convert_to: "%d/%m/%Y" },
    ]).generate({ firstRow: 0, rowCount: 500 });
    const ends = ["-01-01T00:00:00", "-01T00:00:00", "T00:00:00", ":00:00", ":00", ""];
    for (const [index, unit] of units.entries()) {
      expect(shown(table, unit).every((time) => text(time).endsWith(ends[index] ?? "?"))).toBe(true);
    }
    expect(shown(table, "shown").every((time) => /^\d\d\/\d\d\/20\d\d$/.test(text(time)))).toBe(true);
    const seconds = numbersOf(table, "s");
    expect(seconds.every((time) => time >= (parseTime(params.start) ?? 0) && time < (parseTime(params.end) ?? 0))).toBe(
      true,
    );
  });

  it("add dt_min to dt_max - 1 units to the reference, each equally often", () => {
    const table = groupOf([
      { name: "ordered", sampler_type: "datetime", params: { start: "2024-01-01", end: "2025-01-01" } },
      {
        name: "shipped",
        sampler_type: "timedelta",
        params: { dt_min: 1, dt_max: 5, reference_column_name: "ordered", unit: "h" },
      },
    ]).generate(range);
    const ordered = numbersOf(table, "ordered");
    const hours = numbersOf(table, "shipped").map((time, row) => (time - (ordered[row] ?? 0)) / 3_600);
    expect(sharesError(hours, new Map([1, 2, 3, 4].map((hour) => [hour, 0.25])))).toBeLessThan(DEVIATIONS);
    expect(new Set(hours)).toEqual(new Set([1, 2, 3, 4]));
  });
});

describe("uuid", () => {
  it("gives 100,000 different version 4 ids of 32 digits, and of 8 digits", () => {
    const table = groupOf([
      { name: "long", sampler_type: "uuid", params: {} },
      { name: "short", sampler_type: "uuid", params: { prefix: "ORD-", short_form: true, uppercase: true } },
      { name: "prefixed", sampler_type: "uuid", params: { prefix: "Ä-" } },
    ]).generate({ firstRow: 0, rowCount: 100_000 });
    expect(new Set(shown(table, "long")).size).toBe(100_000);
    expect(new Set(shown(table, "short")).size).toBe(100_000);
    expect(shown(table, "long").every((id) => /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(text(id)))).toBe(
      true,
    );
    expect(shown(table, "short").every((id) => /^ORD-[0-9A-F]{8}$/.test(text(id)))).toBe(true);
    expect(shown(table, "prefixed").every((id) => /^Ä-[0-9a-f]{32}$/.test(text(id)))).toBe(true);
  });

  it("uses every digit equally often at every free place", () => {
    const ids = shown(
      groupOf([{ name: "id", sampler_type: "uuid", params: {} }]).generate({ firstRow: 0, rowCount: 20_000 }),
      "id",
    ).map(String);
    const shares = new Map("0123456789abcdef".split("").map((digit) => [digit, 1 / 16]));
    for (const place of [0, 5, 11, 13, 15, 17, 18, 24, 31])
      expect(
        sharesError(
          ids.map((id) => id[place]),
          shares,
        ),
      ).toBeLessThan(DEVIATIONS);
  });
});
