import type { SamplerParams } from "../design/sampler-params.ts";
import { compileDistribution } from "./distributions.ts";
import { plainSampler } from "./sampler.ts";
import type { NumberSampler } from "./sampler.ts";

/** How many of `n` tries succeed. */
export function compileBinomial({ n, p }: SamplerParams<"binomial">): NumberSampler {
  return plainSampler("int", compileDistribution("binom", { n, p }).draw);
}

/** A count with the mean. */
export function compilePoisson({ mean }: SamplerParams<"poisson">): NumberSampler {
  return plainSampler("int", compileDistribution("poisson", { mu: mean }).draw);
}
