import type { Draws } from "../random.ts";
import { compileTable } from "./discrete-table.ts";
import type { Distribution, DistributionShape, ShapeParams } from "./distribution.ts";
import { drawGamma, drawPoisson, drawZipf } from "./gamma.ts";
import { normalQuantile } from "./math.ts";

/** Above this variance a table would be long; the Cornish-Fisher form of the normal is used, see `roundedNormal`. */
const TABLE_VARIANCE = 1e8;

const of = (params: ShapeParams, name: string): number => params[name] ?? Number.NaN;
const isShare = (value: number): boolean => value >= 0 && value <= 1;
const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;

function discrete(
  shapes: Record<string, string>,
  check: Distribution["check"],
  compile: (params: ShapeParams) => (draws: Draws) => number,
): Distribution {
  return { isInteger: true, shapes, check, compile: (params) => ({ draw: compile(params) }) };
}

function compileRandint(low: number, high: number): DistributionShape {
  const drawFrom = (draws: Draws, first: number, last: number): number => first + draws.nextIndex(last - first + 1);
  return {
    draw: (draws) => drawFrom(draws, low, high - 1),
    drawBetween(draws, from, to) {
      const [first, last] = [Math.max(low, Math.ceil(from)), Math.min(high - 1, Math.floor(to))];
      return first <= last ? drawFrom(draws, first, last) : Number.NaN;
    },
  };
}

export const DISCRETE: Readonly<Record<string, Distribution>> = {
  bernoulli: discrete({ p: "0 to 1" }, checkShare, (params) => {
    const p = of(params, "p");
    return (draws) => (draws.next() < p ? 1 : 0);
  }),
  randint: {
    isInteger: true,
    shapes: { low: "whole number, inclusive", high: "whole number, exclusive" },
    check: (params) => {
      const [low, high] = [of(params, "low"), of(params, "high")];
      return Number.isInteger(low) && Number.isInteger(high) && low < high
        ? undefined
        : `low (${low}) and high (${high}) must be whole numbers with low below high`;
    },
    compile: (params) => compileRandint(of(params, "low"), of(params, "high")),
  },
  poisson: discrete(
    { mu: "0 or above" },
    (params) => (of(params, "mu") >= 0 && of(params, "mu") < 1e15 ? undefined : "mu must be 0 or above, below 1e15"),
    (params) => {
      const mean = of(params, "mu");
      if (mean > 1_000) return (draws) => drawPoisson(draws, mean);
      return compileTable(Math.floor(mean), 0, Infinity, (k) => mean / (k + 1));
    },
  ),
  binom: discrete(
    { n: "whole number, 0 or above", p: "0 to 1" },
    (params) => (isCount(of(params, "n")) ? checkShare(params) : "n must be a whole number, 0 or above"),
    (params) => compileBinom(of(params, "n"), of(params, "p")),
  ),
  geom: discrete(
    { p: "above 0, to 1" },
    (params) => (of(params, "p") > 0 && of(params, "p") <= 1 ? undefined : "p must be above 0 and at most 1"),
    (params) => {
      const scale = Math.log1p(-of(params, "p"));
      return (draws) => Math.max(1, Math.ceil(Math.log(draws.nextOpen()) / scale));
    },
  ),
  nbinom: discrete(
    { n: "above 0", p: "above 0, to 1" },
    (params) => {
      if (!(of(params, "n") > 0)) return "n must be above 0";
      return of(params, "p") > 0 && of(params, "p") <= 1 ? undefined : "p must be above 0 and at most 1";
    },
    (params) => {
      const [n, p] = [of(params, "n"), of(params, "p")];
      // Failures before the n-th success are Poisson with a gamma mean.
      return (draws) => drawPoisson(draws, (drawGamma(draws, n) * (1 - p)) / p);
    },
  ),
  hypergeom: discrete(
    { M: "size of the population", n: "how many of it count", N: "how many are drawn" },
    (params) => {
      const [population, marked, drawn] = [of(params, "M"), of(params, "n"), of(params, "N")];
      return [population, marked, drawn].every(isCount) && marked <= population && drawn <= population
        ? undefined
        : "M, n and N must be whole numbers, 0 or above, with n and N at most M";
    },
    (params) => compileHypergeom(of(params, "M"), of(params, "n"), of(params, "N")),
  ),
  zipf: discrete(
    { a: "above 1" },
    (params) => (of(params, "a") > 1 ? undefined : "a must be above 1"),
    (params) => {
      const a = of(params, "a");
      return (draws) => drawZipf(draws, a);
    },
  ),
};

function checkShare(params: ShapeParams): string | undefined {
  return isShare(of(params, "p")) ? undefined : `p must be from 0 to 1, not ${of(params, "p")}`;
}

function compileBinom(n: number, p: number): (draws: Draws) => number {
  if (p === 0 || p === 1) return () => n * p;
  const variance = n * p * (1 - p);
  if (variance > TABLE_VARIANCE) return roundedNormal(n * p, variance, (1 - 2 * p) / Math.sqrt(variance), 0, n);
  const odds = p / (1 - p);
  return compileTable(Math.min(n, Math.floor((n + 1) * p)), 0, n, (k) => ((n - k) / (k + 1)) * odds);
}

function compileHypergeom(population: number, marked: number, drawn: number): (draws: Draws) => number {
  const least = Math.max(0, drawn - (population - marked));
  const most = Math.min(drawn, marked);
  const mean = population === 0 ? 0 : (drawn * marked) / population;
  const share = population === 0 ? 0 : marked / population;
  const variance = population < 2 ? 0 : (mean * (1 - share) * (population - drawn)) / (population - 1);
  if (variance > TABLE_VARIANCE) {
    const skew =
      ((population - 2 * marked) * (population - 2 * drawn)) / ((population - 2) * population * Math.sqrt(variance));
    return roundedNormal(mean, variance, skew, least, most);
  }
  const peak = Math.floor(((drawn + 1) * (marked + 1)) / (population + 2));
  return compileTable(
    Math.min(most, Math.max(least, peak)),
    least,
    most,
    (k) => ((marked - k) / (k + 1)) * ((drawn - k) / (population - marked - drawn + k + 1)),
  );
}

/**
 * A whole number by the normal quantile with Cornish and Fisher's correction for skewness. From a variance of 1e8 on the
 * next term changes a value by less than one part in 1e8 of a deviation, which no test on a dataset can see.
 */
function roundedNormal(
  mean: number,
  variance: number,
  skew: number,
  least: number,
  most: number,
): (draws: Draws) => number {
  const deviation = Math.sqrt(variance);
  return (draws) => {
    const z = normalQuantile(draws.nextOpen());
    const value = Math.round(mean + deviation * (z + (skew * (z * z - 1)) / 6));
    return Math.min(most, Math.max(least, value));
  };
}
