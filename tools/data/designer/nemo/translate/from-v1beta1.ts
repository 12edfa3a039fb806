import { SAMPLER_PARAMS } from "../../../../../engine/data/design/sampler-params.ts";
import { isObject, mapList } from "./translation.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A config of the `v1beta1` API in the open-source form, ready for `parseDesign`. Never throws. */
export function fromV1Beta1Config(config: unknown): unknown {
  if (!isObject(config)) return config;
  const { seed, constraints, model_configs, columns } = config;
  return {
    columns: mapList(columns, fromColumn),
    ...(model_configs === undefined
      ? {}
      : { model_configs: mapList(model_configs, ({ is_reasoner: _reasoner, ...model }) => model) }),
    ...(constraints === undefined ? {} : { constraints: mapList(constraints, fromConstraint) }),
    ...(isObject(seed) ? { seed_config: fromSeed(seed) } : {}),
  };
}

function fromColumn({ type, ...column }: Fields): unknown {
  if (typeof type === "string" && Object.hasOwn(SAMPLER_PARAMS, type)) {
    return { ...column, column_type: "sampler", sampler_type: type, ...(type === "person" ? fromPeople(column) : {}) };
  }
  if ("rubrics" in column) {
    const { rubrics, num_samples_to_judge: _samples, judge_random_seed: _seed, ...judge } = column;
    const scores = mapList(rubrics, ({ scoring, ...score }) => ({ ...score, options: scoring }));
    return { ...judge, column_type: "llm-judge", scores };
  }
  if ("target_column" in column) {
    const { target_column, code_lang, ...validation } = column;
    return {
      ...validation,
      column_type: "validation",
      target_columns: [target_column],
      validator_type: "code",
      validator_params: { code_lang },
    };
  }
  if ("expr" in column) return { ...column, column_type: "expression" };
  return fromLlm(column, type);
}

function fromPeople(column: Fields): Fields {
  const { params, conditional_params: conditional } = column;
  return {
    params: fromPerson(params),
    ...(isObject(conditional)
      ? {
          conditional_params: Object.fromEntries(
            Object.entries(conditional).map(([condition, each]) => [condition, fromPerson(each)]),
          ),
        }
      : {}),
  };
}

function fromPerson(params: unknown): unknown {
  if (!isObject(params) || params["state"] === undefined) return params;
  const { state, ...rest } = params;
  return { ...rest, select_field_values: { state: Array.isArray(state) ? state : [state] } };
}

function fromLlm(column: Fields, type: unknown): unknown {
  const { output_type: output, output_format: format, ...rest } = column;
  if (output === "code" || type === "llm-code") return { ...rest, column_type: "llm-code", code_lang: format };
  if (output === "structured" || type === "llm-structured") {
    return { ...rest, column_type: "llm-structured", output_format: format };
  }
  return { ...rest, column_type: "llm-text" };
}

function fromConstraint({ type, params, target_column }: Fields): unknown {
  return { constraint_type: type, target_column, ...(isObject(params) ? params : {}) };
}

function fromSeed({ dataset, sampling_strategy }: Fields): unknown {
  return {
    source: { seed_type: "hf", path: dataset },
    ...(sampling_strategy === undefined ? {} : { sampling_strategy }),
  };
}
