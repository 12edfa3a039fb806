import type { SamplerParams } from "../design/sampler-params.ts";
import type { DrawCell, NumberSampler } from "./sampler.ts";

/** From `low` to `high`; a `high` below `low` means the same interval, as in scipy's `loc + scale * u`. */
export function compileUniform({ low, high, decimal_places }: SamplerParams<"uniform">): NumberSampler {
  const least = Math.min(low, high);
  const most = Math.max(low, high);
  const cell: DrawCell = {
    draw: (draws) => low + draws.next() * (high - low),
    drawBetween(draws, from, to) {
      const start = Math.max(least, from);
      const end = Math.min(most, to);
      return start <= end ? start + draws.nextOpen() * (end - start) : Number.NaN;
    },
  };
  return { output: "float", ...(decimal_places === null ? {} : { decimalPlaces: decimal_places }), bind: () => cell };
}
