import type { SamplerParams, SamplerType } from "../design/sampler-params.ts";
import { compileBernoulli, compileBernoulliMixture } from "./bernoulli.ts";
import { compileCategory } from "./category.ts";
import { compileBinomial, compilePoisson } from "./counts.ts";
import { compileDatetime } from "./datetime.ts";
import { compileGaussian } from "./gaussian.ts";
import { compilePerson, compilePersonFromFaker } from "./person.ts";
import type { PersonLibrary } from "./person-library.ts";
import type { Sampler } from "./sampler.ts";
import { compileScipy } from "./scipy.ts";
import { compileSubcategory } from "./subcategory.ts";
import { compileTimedelta } from "./timedelta.ts";
import { compileUniform } from "./uniform.ts";
import { compileUuid } from "./uuid.ts";

/** What a sampler may need besides its parameters. */
export interface SamplerResources {
  readonly persons: PersonLibrary;
}

type Compile<Type extends SamplerType> = (params: SamplerParams<Type>, resources: SamplerResources) => Sampler;

/** Every sampler type. */
export const SAMPLERS: { readonly [Type in SamplerType]: Compile<Type> } = {
  uuid: compileUuid,
  category: compileCategory,
  subcategory: compileSubcategory,
  uniform: compileUniform,
  gaussian: compileGaussian,
  bernoulli: compileBernoulli,
  bernoulli_mixture: compileBernoulliMixture,
  binomial: compileBinomial,
  poisson: compilePoisson,
  scipy: compileScipy,
  datetime: compileDatetime,
  timedelta: compileTimedelta,
  person: compilePerson,
  person_from_faker: compilePersonFromFaker,
};

/** Throws ServiceError `invalid_input` when the parameters cannot be drawn from. */
export function compileSampler<Type extends SamplerType>(
  type: Type,
  params: SamplerParams<Type>,
  resources: SamplerResources,
): Sampler {
  return SAMPLERS[type](params, resources);
}
