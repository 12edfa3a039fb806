import type { SamplerParams } from "../design/sampler-params.ts";
import { compileDistribution } from "./distributions.ts";
import type { NumberSampler } from "./sampler.ts";

/** A distribution under scipy's name and parameters. Those of the list in `distributions.ts`. */
export function compileScipy(params: SamplerParams<"scipy">): NumberSampler {
  const { isInteger, draw, drawBetween } = compileDistribution(params.dist_name, params.dist_params);
  const cell = { draw, ...(drawBetween === undefined ? {} : { drawBetween }) };
  return {
    output: isInteger ? "int" : "float",
    ...(params.decimal_places === null ? {} : { decimalPlaces: params.decimal_places }),
    bind: () => cell,
  };
}
