import type { DraftColumn } from "../design/draft.ts";
import { drawnInteger, sampler } from "./columns.ts";
import type { DistributionWish } from "./distributions.ts";
import type { NumberRange } from "./ranges.ts";
import { spanOf } from "./spans.ts";

interface Options {
  readonly range: NumberRange | undefined;
  readonly decimals: number;
  /** What the column was before, which gives parameters that nobody said. */
  readonly current: DraftColumn | undefined;
}

interface Made {
  readonly column: DraftColumn;
  readonly constraints: readonly { readonly operator: string; readonly rhs: number }[];
}

/** A column with the distribution; a range cuts it, and one that it hardly reaches moves it. */
export function distributionColumn(name: string, wish: DistributionWish, { range, decimals, current }: Options): Made {
  const old = spanOf(current);
  const low = range?.low;
  const high = range?.high;
  const middle = low !== undefined && high !== undefined ? (low + high) / 2 : undefined;
  const oldMiddle = old === undefined ? undefined : tidy((old.low + old.high) / 2);
  const inside = (value: number): number => Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value));
  const form = decimals === 0 ? "int" : undefined;
  const places = decimals === 0 ? {} : { decimal_places: decimals };
  const cut = [
    ...(low === undefined ? [] : [{ operator: range?.isLowOpen === true ? "gt" : "ge", rhs: low }]),
    ...(high === undefined ? [] : [{ operator: range?.isHighOpen === true ? "lt" : "le", rhs: high }]),
  ];
  const scipy = (dist_name: string, dist_params: Record<string, number>): Made => ({
    column: sampler(name, "scipy", { dist_name, dist_params, ...places }, form),
    constraints: cut,
  });
  switch (wish.name) {
    case "normal": {
      const mean = inside(wish.mean ?? middle ?? oldMiddle ?? 100);
      const spread = low !== undefined && high !== undefined ? (high - low) / 6 : Math.abs(mean) / 5;
      const stddev = wish.stddev ?? tidy(spread === 0 ? 1 : spread);
      return { column: sampler(name, "gaussian", { mean, stddev, ...places }, form), constraints: cut };
    }
    case "lognormal": {
      const top = high ?? old?.high;
      const bottom = Math.max(low ?? 0, 0);
      const reach = top === undefined ? 100 : Math.max(1e-6, top - bottom) / 10 + bottom;
      const scale = tidy(Math.max(1e-6, inside(wish.center ?? reach)));
      const shape = wish.shape !== undefined && wish.shape > 0 && wish.shape < 5 ? wish.shape : 0.8;
      return scipy("lognorm", { s: shape, scale });
    }
    case "exponential": {
      const start = low ?? 0;
      const mean = wish.mean ?? (high === undefined ? (oldMiddle ?? 10) : (high - start) / 4 + start);
      const scale = tidy(Math.max(1e-6, mean - start > 0 ? mean - start : Math.abs(mean) || 1));
      return scipy("expon", start === 0 ? { scale } : { loc: start, scale });
    }
    case "poisson": {
      const mean = Math.max(0, inside(wish.mean ?? middle ?? 3));
      return { column: sampler(name, "poisson", { mean }), constraints: cut };
    }
    case "binomial":
      return { column: sampler(name, "binomial", { n: wish.n, p: wish.p }), constraints: [] };
    case "power": {
      const scale = low !== undefined && low > 0 ? low : 1;
      return scipy("pareto", { b: wish.exponent, scale });
    }
    case "uniform": {
      const span = old ?? { low: 0, high: 100 };
      if (decimals === 0) return { column: drawnInteger(name, span.low, span.high), constraints: [] };
      return { column: sampler(name, "uniform", { low: span.low, high: span.high, ...places }), constraints: [] };
    }
  }
}

function tidy(value: number): number {
  return Number(value.toPrecision(6));
}
