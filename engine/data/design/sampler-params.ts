import { z } from "zod";

import { configObject } from "./object-schema.ts";

/**
 * Parameters of the sampler types, under the names and with the defaults of the open-source Data Designer config.
 * `sampler_type` inside the parameters is a discriminator that may be left out; it is filled in.
 */

const Scalar = z.union([z.string(), z.number()], { error: "must be text or a number; write true and false as text" });
const Share = z.number().min(0).max(1);
const DecimalPlaces = z.number().int().min(0).max(15).nullable().default(null);
const DistributionParams = z.record(z.string(), z.union([z.number(), z.boolean()], { error: "must be a number" }));

/** Weights are kept as written; they count relative to their sum. */
export const CategoryParams = configObject({
  sampler_type: z.literal("category").default("category"),
  values: z.array(Scalar).min(1),
  weights: z.array(z.number()).nullable().default(null),
});

export const SubcategoryParams = configObject({
  sampler_type: z.literal("subcategory").default("subcategory"),
  category: z.string().min(1),
  values: z.record(z.string(), z.array(Scalar)),
});

/** From `low` (inclusive) to `high`. */
export const UniformParams = configObject({
  sampler_type: z.literal("uniform").default("uniform"),
  low: z.number(),
  high: z.number(),
  decimal_places: DecimalPlaces,
});

export const GaussianParams = configObject({
  sampler_type: z.literal("gaussian").default("gaussian"),
  mean: z.number(),
  stddev: z.number(),
  decimal_places: DecimalPlaces,
});

export const BernoulliParams = configObject({
  sampler_type: z.literal("bernoulli").default("bernoulli"),
  p: Share,
});

/** 0 with probability `1 - p`, else a draw from the distribution. */
export const BernoulliMixtureParams = configObject({
  sampler_type: z.literal("bernoulli_mixture").default("bernoulli_mixture"),
  p: Share,
  dist_name: z.string().min(1),
  dist_params: DistributionParams,
});

export const BinomialParams = configObject({
  sampler_type: z.literal("binomial").default("binomial"),
  n: z.number().int().min(0),
  p: Share,
});

export const PoissonParams = configObject({
  sampler_type: z.literal("poisson").default("poisson"),
  mean: z.number().min(0),
});

export const ScipyParams = configObject({
  sampler_type: z.literal("scipy").default("scipy"),
  dist_name: z.string().min(1),
  dist_params: DistributionParams,
  decimal_places: DecimalPlaces,
});

/** From `start` (inclusive) to `end` (exclusive), cut to whole `unit`s. */
export const DatetimeParams = configObject({
  sampler_type: z.literal("datetime").default("datetime"),
  start: z.string().min(1),
  end: z.string().min(1),
  unit: z.enum(["Y", "M", "D", "h", "m", "s"]).default("D"),
});

/** `dt_min` (inclusive) to `dt_max` (exclusive) units after the reference column. */
export const TimedeltaParams = configObject({
  sampler_type: z.literal("timedelta").default("timedelta"),
  dt_min: z.number().int().min(0),
  dt_max: z.number().int().min(1),
  reference_column_name: z.string().min(1),
  unit: z.enum(["D", "h", "m", "s"]).default("D"),
});

/** 32 hexadecimal digits without hyphens, or the first 8 of them. */
export const UuidParams = configObject({
  sampler_type: z.literal("uuid").default("uuid"),
  prefix: z.string().nullable().default(null),
  short_form: z.boolean().default(false),
  uppercase: z.boolean().default(false),
});

const Sex = z.enum(["Male", "Female"]).nullable().default(null);
const City = z
  .union([z.string(), z.array(z.string())], { error: "must be a city or a list of cities" })
  .nullable()
  .default(null);
const AgeRange = z
  .array(z.number().int())
  .length(2)
  .refine((range) => 0 <= (range[0] ?? 0) && (range[0] ?? 0) < (range[1] ?? 0) && (range[1] ?? 0) <= 114, {
    error: "must be [youngest, oldest] with 0 <= youngest < oldest <= 114",
  })
  .default([18, 114]);

export const PersonParams = configObject({
  sampler_type: z.literal("person").default("person"),
  locale: z.string().default("en_US"),
  sex: Sex,
  city: City,
  age_range: AgeRange,
  select_field_values: z.record(z.string(), z.array(z.string())).nullable().default(null),
  with_synthetic_personas: z.boolean().default(false),
});

export const PersonFromFakerParams = configObject({
  sampler_type: z.literal("person_from_faker").default("person_from_faker"),
  locale: z.string().default("en_US"),
  sex: Sex,
  city: City,
  age_range: AgeRange,
});

export const SAMPLER_PARAMS = {
  uuid: UuidParams,
  category: CategoryParams,
  subcategory: SubcategoryParams,
  uniform: UniformParams,
  gaussian: GaussianParams,
  bernoulli: BernoulliParams,
  bernoulli_mixture: BernoulliMixtureParams,
  binomial: BinomialParams,
  poisson: PoissonParams,
  scipy: ScipyParams,
  datetime: DatetimeParams,
  timedelta: TimedeltaParams,
  person: PersonParams,
  person_from_faker: PersonFromFakerParams,
} as const;

export type SamplerType = keyof typeof SAMPLER_PARAMS;

/** `SamplerParams<"uniform">` and so on. */
export type SamplerParams<Type extends SamplerType = SamplerType> = z.infer<(typeof SAMPLER_PARAMS)[Type]>;
