import type { SamplerParams } from "../design/sampler-params.ts";
import type { Draws } from "../random.ts";
import { normalCdf, normalQuantile } from "./math.ts";
import type { DrawCell, NumberSampler } from "./sampler.ts";

/** Normal with the mean and the standard deviation; a deviation of 0 gives the mean. */
export function compileGaussian({ mean, stddev, decimal_places }: SamplerParams<"gaussian">): NumberSampler {
  return {
    output: "float",
    ...(decimal_places === null ? {} : { decimalPlaces: decimal_places }),
    bind: () => normalCell(mean, stddev),
  };
}

export function normalCell(mean: number, stddev: number): DrawCell {
  return {
    draw: (draws) => mean + stddev * normalQuantile(draws.nextOpen()),
    drawBetween(draws, low, high) {
      if (!(stddev > 0)) return low <= mean && mean <= high ? mean : Number.NaN;
      return mean + stddev * standardNormalBetween(draws, (low - mean) / stddev, (high - mean) / stddev);
    },
  };
}

/**
 * A standard normal number in [low, high] by one quantile. Both ends are taken to the lower tail, where Φ has small
 * relative error. NaN for an empty interval and for one more than 37 deviations out, which no draw would reach.
 */
export function standardNormalBetween(draws: Draws, low: number, high: number): number {
  if (!(low <= high)) return Number.NaN;
  const isUpper = low > 0;
  const from = normalCdf(isUpper ? -high : low);
  const to = normalCdf(isUpper ? -low : high);
  const p = from + draws.nextOpen() * (to - from);
  if (!(p > 0)) return Number.NaN;
  const x = normalQuantile(Math.min(p, 1 - Number.EPSILON / 2));
  return Math.min(high, Math.max(low, isUpper ? -x : x));
}
