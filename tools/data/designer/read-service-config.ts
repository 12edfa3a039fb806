import { type ConfigObject, isConfigObject, readConfig } from "../../../engine/data/design/read-config.ts";
import { inferDiscriminators } from "./infer-discriminators.ts";

/**
 * The open-source form of a config as clients of the `v1` service write it, with or without discriminators; a config in
 * the open-source form comes back as it is. The name of a seed dataset is read as a file of the seed folder, which is where the
 * built-in engine has them. What it does not understand is left for the reader of designs to name. Never throws.
 * Source: NeMo Data Designer API 1.4.0 and the configuration types of its Python SDK 1.5.0.
 */
export function readServiceConfig(input: unknown): unknown {
  const { config } = readConfig(input);
  if (config === undefined) return input;
  const { columns, seed_config: seed, processors, ...rest } = inferDiscriminators(config);
  return {
    columns: mapObjects(columns, readColumn),
    ...rest,
    ...(seed === undefined ? {} : { seed_config: isConfigObject(seed) ? readSeed(seed) : seed }),
    ...(processors === undefined ? {} : { processors: readProcessors(processors) }),
  };
}

function mapObjects(list: unknown, map: (entry: ConfigObject) => unknown): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((entry: unknown) => (isConfigObject(entry) ? map(entry) : entry));
}

function readSeed(seed: ConfigObject): ConfigObject {
  const { dataset, ...rest } = seed;
  return dataset === undefined ? seed : { source: { seed_type: "local", path: dataset }, ...rest };
}

/**
 * The SDK's processors have a stage, of which there is one, and no name. Of one that drops columns it sends nothing but
 * the stage: what counts is that it has marked the columns as dropped.
 */
function readProcessors(processors: unknown): unknown {
  if (!Array.isArray(processors)) return processors;
  return processors.flatMap((processor: unknown, index): unknown[] => {
    if (!isConfigObject(processor) || processor["build_stage"] !== "post_batch") return [processor];
    const { build_stage: _stage, ...rest } = processor;
    return Object.keys(rest).length === 0 ? [] : [{ name: `processor_${index + 1}`, ...rest }];
  });
}

function readColumn(column: ConfigObject): ConfigObject {
  if (column["sampler_type"] !== "person") return column;
  const { params, conditional_params: conditional } = column;
  // Without managed data a person is made by Faker. Only 1.4 has the flag.
  const isFaker = isConfigObject(params) && params["sample_dataset_when_available"] === false;
  const read = (each: unknown): unknown => (isConfigObject(each) ? readPerson(each, isFaker) : each);
  return {
    ...column,
    ...(isFaker ? { sampler_type: "person_from_faker" } : {}),
    params: read(params),
    ...(isConfigObject(conditional)
      ? {
          conditional_params: Object.fromEntries(
            Object.entries(conditional).map(([condition, each]) => [condition, read(each)]),
          ),
        }
      : {}),
  };
}

function readPerson(params: ConfigObject, isFaker: boolean): ConfigObject {
  const { sample_dataset_when_available: _flag, state, ...rest } = params;
  if (isFaker) {
    const { with_synthetic_personas: _personas, sampler_type: _type, select_field_values: _fields, ...known } = rest;
    return known;
  }
  if (state === undefined || state === null) return rest;
  const states = Array.isArray(state) ? (state as readonly unknown[]) : [state];
  const fields = isConfigObject(rest["select_field_values"]) ? rest["select_field_values"] : {};
  return { ...rest, select_field_values: { ...fields, state: states } };
}
