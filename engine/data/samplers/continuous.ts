import { standardNormalBetween } from "./gaussian.ts";
import { normalQuantile } from "./math.ts";
import type { Distribution, DistributionShape, ShapeParams } from "./distribution.ts";
import { drawBeta, drawGamma } from "./gamma.ts";

/** A number every distribution below needs; `check` has made sure that it is there. */
const of = (params: ShapeParams, name: string): number => params[name] ?? Number.NaN;

function continuous(shapes: Record<string, string>, compile: (params: ShapeParams) => DistributionShape): Distribution {
  return {
    isInteger: false,
    shapes,
    check: (params) => {
      const wrong = Object.keys(shapes).find((name) => shapes[name] === "above 0" && !(of(params, name) > 0));
      return wrong === undefined ? undefined : `${wrong} must be above 0, not ${of(params, wrong)}`;
    },
    compile,
  };
}

const POSITIVE = "above 0";

/** Most are drawn by inversion of the distribution function: one number a draw. */
export const CONTINUOUS: Readonly<Record<string, Distribution>> = {
  norm: continuous({}, () => ({
    draw: (draws) => normalQuantile(draws.nextOpen()),
    drawBetween: standardNormalBetween,
  })),
  uniform: continuous({}, () => ({
    draw: (draws) => draws.next(),
    drawBetween(draws, low, high) {
      const from = Math.max(0, low);
      const to = Math.min(1, high);
      return from <= to ? from + draws.nextOpen() * (to - from) : Number.NaN;
    },
  })),
  expon: continuous({}, () => ({ draw: (draws) => -Math.log(draws.nextOpen()) })),
  gamma: continuous({ a: POSITIVE }, (params) => {
    const a = of(params, "a");
    return { draw: (draws) => drawGamma(draws, a) };
  }),
  beta: continuous({ a: POSITIVE, b: POSITIVE }, (params) => {
    const [a, b] = [of(params, "a"), of(params, "b")];
    return { draw: (draws) => drawBeta(draws, a, b) };
  }),
  lognorm: continuous({ s: POSITIVE }, (params) => {
    const s = of(params, "s");
    return { draw: (draws) => Math.exp(s * normalQuantile(draws.nextOpen())) };
  }),
  weibull_min: continuous({ c: POSITIVE }, (params) => {
    const power = 1 / of(params, "c");
    return { draw: (draws) => (-Math.log(draws.nextOpen())) ** power };
  }),
  pareto: continuous({ b: POSITIVE }, (params) => {
    const power = -1 / of(params, "b");
    return { draw: (draws) => draws.nextOpen() ** power };
  }),
  triang: {
    ...continuous({ c: "0 to 1" }, (params) => {
      const c = of(params, "c");
      return {
        draw(draws) {
          const u = draws.nextOpen();
          return u < c ? Math.sqrt(c * u) : 1 - Math.sqrt((1 - c) * (1 - u));
        },
      };
    }),
    check: (params) => (of(params, "c") >= 0 && of(params, "c") <= 1 ? undefined : "c must be from 0 to 1"),
  },
  truncnorm: {
    ...continuous({ a: "below b", b: "above a" }, (params) => {
      const [a, b] = [of(params, "a"), of(params, "b")];
      return {
        draw: (draws) => standardNormalBetween(draws, a, b),
        drawBetween: (draws, low, high) => standardNormalBetween(draws, Math.max(a, low), Math.min(b, high)),
      };
    }),
    check(params) {
      const [a, b] = [of(params, "a"), of(params, "b")];
      if (!(a < b)) return `a (${a}) must be below b (${b}); both are in standard deviations from loc`;
      return a > 37 || b < -37 ? "a to b is more than 37 standard deviations out" : undefined;
    },
  },
  t: continuous({ df: POSITIVE }, (params) => {
    const df = of(params, "df");
    return { draw: (draws) => normalQuantile(draws.nextOpen()) / Math.sqrt((2 * drawGamma(draws, df / 2)) / df) };
  }),
  chi2: continuous({ df: POSITIVE }, (params) => {
    const shape = of(params, "df") / 2;
    return { draw: (draws) => 2 * drawGamma(draws, shape) };
  }),
  laplace: continuous({}, () => ({
    draw(draws) {
      const u = draws.nextOpen();
      return u < 0.5 ? Math.log(2 * u) : -Math.log(2 * (1 - u));
    },
  })),
  logistic: continuous({}, () => ({
    draw(draws) {
      const u = draws.nextOpen();
      return Math.log(u / (1 - u));
    },
  })),
  cauchy: continuous({}, () => ({ draw: (draws) => Math.tan(Math.PI * (draws.nextOpen() - 0.5)) })),
  rayleigh: continuous({}, () => ({ draw: (draws) => Math.sqrt(-2 * Math.log(draws.nextOpen())) })),
};
