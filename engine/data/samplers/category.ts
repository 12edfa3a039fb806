import type { SamplerParams } from "../design/sampler-params.ts";
import { compileWeighted } from "./labels.ts";
import type { NumberSampler } from "./sampler.ts";

/** One of the values by its weight. Values of mixed types all become text, as numpy's array of them does. */
export function compileCategory(params: SamplerParams<"category">): NumberSampler {
  const isMixed = params.values.some((value) => typeof value === "string");
  const draw = compileWeighted(params.values.length, params.weights);
  const cell = { draw };
  return { output: "label", labels: isMixed ? params.values.map(String) : params.values, bind: () => cell };
}
