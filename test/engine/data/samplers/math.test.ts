import { describe, expect, it } from "vitest";

import { logGamma, normalCdf, normalQuantile } from "../../../../engine/data/samplers/math.ts";

describe("normalQuantile", () => {
  // Values of scipy.stats.norm.ppf.
  it.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.1, -1.2815515655446004],
    [1e-10, -6.361340902404056],
    [1e-300, -37.0471],
  ])("of %d is %d", (p, x) => {
    expect(normalQuantile(p)).toBeCloseTo(x, x < -30 ? 3 : 12);
  });
});

describe("normalCdf", () => {
  it("undoes the quantile with a relative error below 1e-9 down to 1e-100", () => {
    for (const p of [1e-100, 1e-50, 1e-20, 1e-5, 0.01, 0.3, 0.5, 0.9]) {
      expect(Math.abs(normalCdf(normalQuantile(p)) / p - 1)).toBeLessThan(1e-9);
    }
  });

  it("is 0 and 1 far out", () => {
    expect([normalCdf(-40), normalCdf(40), normalCdf(-Infinity), normalCdf(Infinity)]).toEqual([0, 1, 0, 1]);
  });
});

describe("logGamma", () => {
  it("gives the logarithms of factorials", () => {
    let factorial = 0;
    for (let n = 1; n <= 150; n += 1) {
      factorial += Math.log(n);
      expect(logGamma(n + 1)).toBeCloseTo(factorial, 9);
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
  });
});
