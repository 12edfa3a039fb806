import { isObject, mapList } from "./translation.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * A config of the `v1` API in the open-source form, ready for `parseDesign`. Column types that were left out are told by
 * the fields that only one type has. Whatever it does not know stays as it is; never throws.
 */
export function fromV1Config(config: unknown): unknown {
  if (!isObject(config)) return config;
  const { seed_config: seed, ...rest } = config;
  return {
    ...rest,
    columns: mapList(config["columns"], fromColumn),
    ...(seed === undefined ? {} : { seed_config: fromSeed(seed) }),
  };
}

function fromColumn(column: Fields): unknown {
  const { name, drop, ...rest } = column;
  const common = { column_type: columnType(column), name, ...(drop === undefined ? {} : { drop }) };
  return { ...common, ...(column["sampler_type"] === "person" ? fromPersonColumn(rest) : rest) };
}

/** Fields that tell the type, the telling one first: judge, code and structured columns have a prompt, too. */
const TELLING_FIELDS = [
  ["sampler_type", "sampler"],
  ["expr", "expression"],
  ["scores", "llm-judge"],
  ["code_lang", "llm-code"],
  ["output_format", "llm-structured"],
  ["prompt", "llm-text"],
  ["target_columns", "validation"],
] as const;

function columnType(column: Fields): unknown {
  if (column["column_type"] !== undefined) return column["column_type"];
  return TELLING_FIELDS.find(([field]) => field in column)?.[1] ?? "seed-dataset";
}

/** `sample_dataset_when_available` false means Faker; 1.4 is the only version that has it. */
function fromPersonColumn(column: Fields): Fields {
  const { params } = column;
  const isFaker = isObject(params) && params["sample_dataset_when_available"] === false;
  const samplerType = isFaker ? "person_from_faker" : "person";
  const conditional = column["conditional_params"];
  return {
    ...column,
    sampler_type: samplerType,
    params: fromPerson(params, samplerType),
    ...(isObject(conditional)
      ? {
          conditional_params: Object.fromEntries(
            Object.entries(conditional).map(([condition, each]) => [condition, fromPerson(each, samplerType)]),
          ),
        }
      : {}),
  };
}

export function fromPerson(params: unknown, samplerType: "person" | "person_from_faker"): unknown {
  if (!isObject(params)) return params;
  const { sample_dataset_when_available: _source, state, with_synthetic_personas: personas, ...rest } = params;
  if (samplerType === "person_from_faker") return { ...rest, sampler_type: samplerType };
  return {
    ...rest,
    sampler_type: samplerType,
    ...(state === undefined || state === null
      ? {}
      : { select_field_values: { state: Array.isArray(state) ? state : [state] } }),
    ...(personas === undefined ? {} : { with_synthetic_personas: personas }),
  };
}

/** The name of a dataset in the service's data store is the path of a repository. */
function fromSeed(seed: unknown): unknown {
  if (!isObject(seed) || !("dataset" in seed)) return seed;
  const { dataset, ...rest } = seed;
  return { source: { seed_type: "hf", path: dataset }, ...rest };
}
