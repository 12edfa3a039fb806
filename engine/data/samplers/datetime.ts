import { ServiceError } from "../../../lib/errors.ts";
import type { SamplerParams } from "../design/sampler-params.ts";
import { parseTime, truncateTime } from "../time.ts";
import type { DrawCell, NumberSampler } from "./sampler.ts";

/** A whole second from `start` (inclusive) to `end` (exclusive), all equally likely, then cut to the unit. */
export function compileDatetime({ start, end, unit }: SamplerParams<"datetime">): NumberSampler {
  const first = readTime("start", start);
  const last = readTime("end", end);
  if (!(first < last)) throw new ServiceError("invalid_input", `start ${start} must be before end ${end}`);
  const cell: DrawCell = {
    draw: (draws) => truncateTime(first + draws.nextIndex(last - first), unit),
    drawBetween(draws, low, high) {
      const from = Math.max(first, Math.ceil(low));
      const to = Math.min(last - 1, Math.floor(high));
      return from <= to ? truncateTime(from + draws.nextIndex(to - from + 1), unit) : Number.NaN;
    },
  };
  return { output: "time", unit, bind: () => cell };
}

function readTime(field: string, text: string): number {
  const seconds = parseTime(text);
  if (seconds === undefined) {
    throw new ServiceError(
      "invalid_input",
      `${field} "${text}" is no date or time; write it like 2024-01-31 or 2024-01-31T08:00:00`,
    );
  }
  return seconds;
}
