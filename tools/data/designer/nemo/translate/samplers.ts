import type { SamplerColumn } from "../../../../../engine/data/design/design.ts";
import type { SamplerParams } from "../../../../../engine/data/design/sampler-params.ts";
import { type FeatureCheck, compact } from "./translation.ts";
import type { V1Options } from "./v1-options.ts";

type PersonParams = Extract<SamplerParams, { sampler_type: "person" | "person_from_faker" }>;

/** The fields of a sampler column beyond name, drop and type of column. */
export function toSampler(column: SamplerColumn, options: V1Options, check: FeatureCheck): Record<string, unknown> {
  const isFaker = column.sampler_type === "person_from_faker" && options.schema === "1.4";
  if (isFaker) {
    check.warnings.push(
      `column "${column.name}": person_from_faker is sent as person with sample_dataset_when_available false; its people have the fields of that version`,
    );
  }
  const samplerType = isFaker ? "person" : column.sampler_type;
  const toParams = (params: SamplerParams): unknown => ({
    ...(options.hasDiscriminators ? { sampler_type: samplerType } : {}),
    ...paramsOf(column.name, params, options, check),
  });
  return {
    sampler_type: samplerType,
    params: toParams(column.params),
    conditional_params: Object.fromEntries(
      Object.entries<SamplerParams>(column.conditional_params).map(([condition, params]) => [
        condition,
        toParams(params),
      ]),
    ),
    ...compact({ convert_to: column.convert_to }),
  };
}

function paramsOf(
  column: string,
  params: SamplerParams,
  options: V1Options,
  check: FeatureCheck,
): Record<string, unknown> {
  if (params.sampler_type === "person" || params.sampler_type === "person_from_faker") {
    return options.schema === "1.5" ? withoutTag(params) : toPerson(column, params, check);
  }
  return withoutTag(params);
}

function withoutTag({ sampler_type: _tag, ...params }: SamplerParams): Record<string, unknown> {
  return compact(params);
}

/**
 * In 1.4 one sampler draws people from managed datasets or, when told so, from Faker; of the fields to select by it has
 * `state` only. Source: NeMo Data Designer API 1.4.0, `PersonSamplerParams`.
 */
export function toPerson(column: string, params: PersonParams, check: FeatureCheck): Record<string, unknown> {
  const { locale, sex, city, age_range } = params;
  const isManaged = params.sampler_type === "person";
  const { state, ...others } = (isManaged ? params.select_field_values : null) ?? {};
  for (const field of Object.keys(others)) {
    check.refuse(column, `select_field_values.${field}`, "this version selects people by sex, city, state and age");
  }
  return compact({
    locale,
    sex,
    city,
    age_range,
    state,
    with_synthetic_personas: isManaged && params.with_synthetic_personas,
    sample_dataset_when_available: isManaged,
  });
}
