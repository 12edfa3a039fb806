import { ServiceError } from "../../../lib/errors.ts";
import type { SamplerParams } from "../design/sampler-params.ts";
import { SECONDS_PER_UNIT } from "../time.ts";
import type { NumberSampler } from "./sampler.ts";

/** The reference column's time plus `dt_min` (inclusive) to `dt_max` (exclusive) whole units. */
export function compileTimedelta(params: SamplerParams<"timedelta">): NumberSampler {
  const { dt_min: least, dt_max: most, reference_column_name: reference, unit } = params;
  if (!(least < most)) throw new ServiceError("invalid_input", `dt_min ${least} must be below dt_max ${most}`);
  const length = SECONDS_PER_UNIT[unit];
  return {
    output: "time",
    unit: "s",
    bind(drawn) {
      const times = drawn.get(reference)?.numbers;
      if (times === undefined) {
        throw new ServiceError("invalid_input", `timedelta of "${reference}": no datetime column of that name`);
      }
      return {
        draw: (draws, row) => (times[row] ?? 0) + (least + draws.nextIndex(most - least)) * length,
        drawBetween(draws, low, high, row) {
          const base = times[row] ?? 0;
          const from = Math.max(least, Math.ceil((low - base) / length));
          const to = Math.min(most - 1, Math.floor((high - base) / length));
          return from <= to ? base + (from + draws.nextIndex(to - from + 1)) * length : Number.NaN;
        },
      };
    },
  };
}
