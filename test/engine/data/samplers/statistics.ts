/** Deviations a figure may be off: a good sampler fails about one in 300,000 times. */
export const DEVIATIONS = 4.5;

/** Limit of `distributionError`, p about 5e-5. */
export const KOLMOGOROV = 2.3;

export function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function varianceOf(values: Float64Array): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

/** How many standard errors the mean is off, by the distribution's own variance. */
export function meanError(values: Float64Array, mean: number, variance: number): number {
  return Math.abs(meanOf(values) - mean) / (Math.sqrt(variance / values.length) + 1e-12);
}

/** How many standard errors the variance is off, by the fourth moment of the sample. */
export function varianceError(values: Float64Array, variance: number): number {
  const mean = meanOf(values);
  const fourth = values.reduce((sum, value) => sum + (value - mean) ** 4, 0) / values.length;
  const error = Math.sqrt(Math.max(0, fourth - variance ** 2) / values.length);
  return Math.abs(varianceOf(values) - variance) / (error + 1e-12);
}

/** Kolmogorov-Smirnov: the largest distance from the distribution function, times the root of the number of values. */
export function distributionError(values: Float64Array, cdf: (x: number) => number): number {
  const sorted = values.toSorted();
  let distance = 0;
  for (const [index, value] of sorted.entries()) {
    const p = cdf(value);
    if (Number.isNaN(p)) return Infinity;
    distance = Math.max(distance, Math.abs(p - index / sorted.length), Math.abs(p - (index + 1) / sorted.length));
  }
  return distance * Math.sqrt(sorted.length);
}

/**
 * Chi-square of counts against shares: how many of its deviations it is above its mean. Cells that expect fewer than 5
 * are left out; infinite when a value has no share at all.
 */
export function sharesError(values: Iterable<unknown>, shares: ReadonlyMap<unknown, number>): number {
  const counts = new Map<unknown, number>();
  let total = 0;
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    total += 1;
    if (!shares.has(value)) return Infinity;
  }
  const cells = [...shares].filter(([, share]) => share * total >= 5);
  const chiSquare = cells.reduce(
    (sum, [value, share]) => sum + ((counts.get(value) ?? 0) - share * total) ** 2 / (share * total),
    0,
  );
  const freedom = cells.length - 1;
  return freedom < 1 ? Infinity : (chiSquare - freedom) / Math.sqrt(2 * freedom);
}
