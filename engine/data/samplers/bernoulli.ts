import type { SamplerParams } from "../design/sampler-params.ts";
import { compileDistribution } from "./distributions.ts";
import { plainSampler } from "./sampler.ts";
import type { NumberSampler } from "./sampler.ts";

/** 1 with probability `p`, else 0. */
export function compileBernoulli({ p }: SamplerParams<"bernoulli">): NumberSampler {
  return plainSampler("int", (draws) => (draws.next() < p ? 1 : 0));
}

/** A draw of the distribution with probability `p`, else 0. */
export function compileBernoulliMixture(params: SamplerParams<"bernoulli_mixture">): NumberSampler {
  const { p } = params;
  const { isInteger, draw } = compileDistribution(params.dist_name, params.dist_params);
  return plainSampler(isInteger ? "int" : "float", (draws) => (draws.next() < p ? draw(draws) : 0));
}
