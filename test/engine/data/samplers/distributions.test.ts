import { describe, expect, it } from "vitest";

import { Draws, randomKey } from "../../../../engine/data/random.ts";
import {
  compileDistribution,
  distributionProblems,
  DISTRIBUTIONS,
} from "../../../../engine/data/samplers/distributions.ts";
import { logGamma, normalCdf } from "../../../../engine/data/samplers/math.ts";
import { DEVIATIONS, KOLMOGOROV, distributionError, meanError, sharesError, varianceError } from "./statistics.ts";

const ROWS = 40_000;

function sample(name: string, params: Record<string, number>, rows = ROWS): Float64Array {
  const { draw } = compileDistribution(name, params);
  const draws = new Draws(randomKey(11, name));
  return Float64Array.from({ length: rows }, (_, row) => draw(draws.start(row, 0)));
}

type Case = readonly [name: string, params: Record<string, number>, cdf: (x: number) => number];

const clamp = (p: number): number => Math.min(1, Math.max(0, p));

/** Each with its distribution function; those without an elementary one are checked by their moments below. */
const CONTINUOUS: readonly Case[] = [
  ["norm", { loc: 3, scale: 2 }, (x) => normalCdf((x - 3) / 2)],
  ["uniform", { loc: -1, scale: 4 }, (x) => clamp((x + 1) / 4)],
  ["expon", { scale: 5 }, (x) => 1 - Math.exp(-x / 5)],
  ["gamma", { a: 1 }, (x) => 1 - Math.exp(-x)],
  ["gamma", { a: 0.5, scale: 2 }, (x) => 2 * normalCdf(Math.sqrt(x)) - 1],
  ["gamma", { a: 2 }, (x) => 1 - Math.exp(-x) * (1 + x)],
  ["beta", { a: 2, b: 1 }, (x) => x * x],
  ["beta", { a: 0.5, b: 0.5 }, (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
  ["lognorm", { s: 0.7, scale: 3 }, (x) => normalCdf(Math.log(x / 3) / 0.7)],
  ["weibull_min", { c: 1.7 }, (x) => 1 - Math.exp(-(x ** 1.7))],
  ["pareto", { b: 2.5 }, (x) => 1 - x ** -2.5],
  ["triang", { c: 0.3 }, (x) => (x < 0.3 ? (x * x) / 0.3 : 1 - (1 - x) ** 2 / 0.7)],
  ["truncnorm", { a: -0.5, b: 2 }, (x) => (normalCdf(x) - normalCdf(-0.5)) / (normalCdf(2) - normalCdf(-0.5))],
  ["truncnorm", { a: 6, b: 7 }, (x) => (normalCdf(-6) - normalCdf(-x)) / (normalCdf(-6) - normalCdf(-7))],
  ["t", { df: 1 }, (x) => 0.5 + Math.atan(x) / Math.PI],
  ["t", { df: 2 }, (x) => 0.5 + x / (2 * Math.sqrt(2 + x * x))],
  ["chi2", { df: 2 }, (x) => 1 - Math.exp(-x / 2)],
  ["laplace", { loc: 1 }, (x) => (x < 1 ? Math.exp(x - 1) / 2 : 1 - Math.exp(1 - x) / 2)],
  ["logistic", {}, (x) => 1 / (1 + Math.exp(-x))],
  ["cauchy", { loc: 2, scale: 3 }, (x) => 0.5 + Math.atan((x - 2) / 3) / Math.PI],
  ["rayleigh", {}, (x) => 1 - Math.exp((-x * x) / 2)],
];

describe("continuous distributions, 40,000 draws, Kolmogorov-Smirnov at p = 5e-5", () => {
  it.each(CONTINUOUS)("%s with %j has its distribution function", (name, params, cdf) => {
    expect(distributionError(sample(name, params), cdf)).toBeLessThan(KOLMOGOROV);
  });

  it.each([
    ["gamma", { a: 7.3, scale: 2 }, 14.6, 29.2],
    ["beta", { a: 2, b: 5 }, 2 / 7, 10 / 392],
    ["t", { df: 9 }, 0, 9 / 7],
    ["chi2", { df: 11 }, 11, 22],
  ] as const)("%s with %j has its mean and variance", (name, params, mean, variance) => {
    const values = sample(name, params);
    expect(meanError(values, mean, variance)).toBeLessThan(DEVIATIONS);
    expect(varianceError(values, variance)).toBeLessThan(DEVIATIONS);
  });
});

const choose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

const DISCRETE: readonly (readonly [string, Record<string, number>, number, number, (k: number) => number])[] = [
  ["bernoulli", { p: 0.3 }, 0, 1, (k) => (k === 1 ? 0.3 : 0.7)],
  ["randint", { low: -2, high: 5 }, -2, 4, () => 1 / 7],
  ["poisson", { mu: 3.5 }, 0, 30, (k) => Math.exp(k * Math.log(3.5) - 3.5 - logGamma(k + 1))],
  ["poisson", { mu: 2000 }, 1700, 2300, (k) => Math.exp(k * Math.log(2000) - 2000 - logGamma(k + 1))],
  ["binom", { n: 12, p: 0.4 }, 0, 12, (k) => Math.exp(choose(12, k)) * 0.4 ** k * 0.6 ** (12 - k)],
  ["geom", { p: 0.25 }, 1, 60, (k) => 0.25 * 0.75 ** (k - 1)],
  ["nbinom", { n: 4, p: 0.5 }, 0, 40, (k) => Math.exp(choose(k + 3, k)) * 0.5 ** (k + 4)],
  ["hypergeom", { M: 20, n: 7, N: 12 }, 0, 7, (k) => Math.exp(choose(7, k) + choose(13, 12 - k) - choose(20, 12))],
  ["zipf", { a: 3 }, 1, 200, (k) => k ** -3 / 1.2020569031595942],
];

describe("whole-number distributions, 40,000 draws, chi-square within 4.5 deviations", () => {
  it.each(DISCRETE)("%s with %j has its probabilities", (name, params, least, most, probability) => {
    const shares = new Map(
      Array.from({ length: most - least + 1 }, (_, index) => [least + index, probability(least + index)]),
    );
    const values = sample(name, params);
    expect(values.every((value) => Number.isInteger(value))).toBe(true);
    expect(sharesError(values, shares)).toBeLessThan(DEVIATIONS);
  });

  it.each([
    ["binom", { n: 1e12, p: 0.5 }, 5e11, 2.5e11],
    ["hypergeom", { M: 1e13, n: 5e12, N: 1e12 }, 5e11, 2.25e11],
    ["poisson", { mu: 1e9 }, 1e9, 1e9],
    ["nbinom", { n: 2, p: 1e-4 }, 19_998, 2 * (1 - 1e-4) * 1e8],
  ] as const)("%s with the large parameters %j has its mean and variance", (name, params, mean, variance) => {
    const values = sample(name, params);
    expect(meanError(values, mean, variance)).toBeLessThan(DEVIATIONS);
    expect(varianceError(values, variance)).toBeLessThan(DEVIATIONS);
  });
});

describe("edges", () => {
  it.each([
    ["binom", { n: 0, p: 0.5 }, 0],
    ["binom", { n: 5, p: 0 }, 0],
    ["binom", { n: 5, p: 1 }, 5],
    ["poisson", { mu: 0 }, 0],
    ["geom", { p: 1 }, 1],
    ["nbinom", { n: 3, p: 1 }, 0],
    ["hypergeom", { M: 0, n: 0, N: 0 }, 0],
    ["hypergeom", { M: 9, n: 9, N: 4 }, 4],
    ["randint", { low: 7, high: 8 }, 7],
  ] as const)("%s with %j always gives %d", (name, params, only) => {
    expect(new Set(sample(name, params, 200))).toEqual(new Set([only]));
  });

  it("draws finite numbers for tiny and huge shapes", () => {
    for (const [name, params] of [
      ["gamma", { a: 1e-3 }],
      ["gamma", { a: 1e12 }],
      ["beta", { a: 1e-3, b: 1e-3 }],
      ["zipf", { a: 1.2 }],
    ] as const) {
      expect(sample(name, params, 2_000).every(Number.isFinite)).toBe(true);
    }
  });
});

describe("distributionProblems", () => {
  it("knows the 24 distributions of the engine", () => {
    expect(Object.keys(DISTRIBUTIONS).toSorted().join(" ")).toBe(
      "bernoulli beta binom cauchy chi2 expon gamma geom hypergeom laplace logistic lognorm nbinom norm pareto poisson randint rayleigh t triang truncnorm uniform weibull_min zipf",
    );
  });

  it.each([
    ["levy", {}, 'unsupported distribution "levy"'],
    ["constructor", {}, 'unsupported distribution "constructor"'],
    ["gamma", {}, 'gamma needs the parameter "a" (above 0)'],
    ["gamma", { a: -1 }, "gamma: a must be above 0, not -1"],
    ["gamma", { a: 1, shape: 2 }, 'gamma has no parameter "shape"; it has a, loc, scale'],
    ["norm", { scale: 0 }, "norm: scale must be above 0, not 0"],
    ["norm", { loc: Number.NaN }, "norm: loc must be a finite number"],
    ["poisson", { mu: 1, scale: 2 }, 'poisson has no parameter "scale"'],
    ["truncnorm", { a: 2, b: 1 }, "a (2) must be below b (1)"],
    ["randint", { low: 3, high: 3 }, "low (3) and high (3)"],
    ["hypergeom", { M: 3, n: 5, N: 1 }, "M, n and N"],
    ["zipf", { a: 1 }, "a must be above 1"],
  ])("says what is wrong with %s %j", (name, params, message) => {
    expect(distributionProblems(name, params).join("; ")).toContain(message);
    expect(() => compileDistribution(name, params)).toThrow(message);
  });
});
