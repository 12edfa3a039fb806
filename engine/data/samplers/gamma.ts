import type { Draws } from "../random.ts";
import { logGamma, normalQuantile } from "./math.ts";

/**
 * ln of a gamma number with scale 1; as a logarithm it does not vanish for tiny shapes.
 * Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000); shapes below 1
 * through a number of shape + 1 times a power of a uniform one.
 */
export function drawLogGamma(draws: Draws, shape: number): number {
  if (shape < 1) return drawLogGamma(draws, shape + 1) + Math.log(draws.nextOpen()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normalQuantile(draws.nextOpen());
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const logV = Math.log(v);
    if (Math.log(draws.nextOpen()) < 0.5 * x * x + d - d * v + d * logV) return Math.log(d) + logV;
  }
}

export function drawGamma(draws: Draws, shape: number): number {
  return Math.exp(drawLogGamma(draws, shape));
}

/** The share of the first of two gamma numbers. */
export function drawBeta(draws: Draws, a: number, b: number): number {
  return 1 / (1 + Math.exp(drawLogGamma(draws, b) - drawLogGamma(draws, a)));
}

/**
 * A Poisson number for any mean: by multiplication below 10, above by transformed rejection.
 * Source: Hörmann, "The transformed rejection method for generating Poisson random variables" (PTRS), 1993.
 */
export function drawPoisson(draws: Draws, mean: number): number {
  if (mean < 10) {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = draws.nextOpen(); product > limit; product *= draws.nextOpen()) count += 1;
    return count;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const quick = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = draws.next() - 0.5;
    const v = draws.nextOpen();
    const us = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= quick) return count;
    if (count < 0 || (us < 0.013 && v > us)) continue;
    const accepted = Math.log((v * inverseAlpha) / (a / (us * us) + b));
    if (accepted <= count * Math.log(mean) - mean - logGamma(count + 1)) return count;
  }
}

/** Zipf with exponent `a` > 1. Source: Devroye, "Non-uniform random variate generation" (1986), chapter X.6. */
export function drawZipf(draws: Draws, a: number): number {
  const b = 2 ** (a - 1);
  for (;;) {
    const x = Math.floor(draws.nextOpen() ** (-1 / (a - 1)));
    if (!(x < Number.MAX_SAFE_INTEGER)) continue;
    const t = (1 + 1 / x) ** (a - 1);
    if ((draws.next() * x * (t - 1)) / (b - 1) <= t / b) return x;
  }
}
