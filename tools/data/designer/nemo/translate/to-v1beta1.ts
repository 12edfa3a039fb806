import type { Column, ColumnOf, Design, LlmColumn, SamplerColumn } from "../../../../../engine/data/design/design.ts";
import type { SamplerParams } from "../../../../../engine/data/design/sampler-params.ts";
import type { SeedConfig } from "../../../../../engine/data/design/seed.ts";
import { checkCommon, checkLlm, toContext } from "./llm-features.ts";
import { toInference } from "./models.ts";
import { toPerson } from "./samplers.ts";
import { checkLanguage, toSeedDataset } from "./to-v1.ts";
import { type FeatureCheck, type Translation, compact, createFeatureCheck, checkValidator } from "./translation.ts";

/**
 * The design as the `v1beta1` API of 25.9 takes it: the type of a sampler column is its sampler, judges have rubrics,
 * constraints keep operator and right-hand side in `params`. `type` of columns that are no samplers is a discriminator
 * that its own SDK does not send. Source: Python SDK 1.2, `types/beta/data_designer`. Throws `not_supported`.
 */
export function toV1Beta1Config(design: Design, options: { readonly hasDiscriminators: boolean }): Translation {
  const check = createFeatureCheck("the v1beta1 API of the NeMo service");
  const config = compact({
    columns: design.columns.flatMap((column) => toColumn(column, options.hasDiscriminators, check) ?? []),
    // Required in this version, also when there is none.
    model_configs: (design.model_configs ?? []).map((model) => {
      const parameters = toInference(model, { hasDiscriminators: false }, check);
      const { timeout, extra_body, ...known } = parameters;
      if (extra_body !== undefined) check.refuse(null, `model ${model.alias}: extra_body`, "this version sends none");
      if (timeout !== undefined) check.warnings.push(`model ${model.alias}: timeout is not known to the service`);
      return compact({ alias: model.alias, model: model.model, provider: model.provider, inference_parameters: known });
    }),
    seed: toSeed(design.seed_config, check),
    constraints: design.constraints?.map(({ constraint_type, target_column, operator, rhs }) => ({
      target_column,
      type: constraint_type,
      params: { operator, rhs },
    })),
  });
  for (const part of ["tool_configs", "processors", "profilers"] as const) {
    if ((design[part] ?? []).length > 0) check.refuse(null, part, "this version has none");
  }
  check.finish();
  return { config, warnings: check.warnings };
}

function toColumn(column: Column, hasDiscriminators: boolean, check: FeatureCheck): unknown {
  checkCommon(column, check);
  const { name, drop } = column;
  const typed = (type: string, fields: Record<string, unknown>): unknown => ({
    ...(hasDiscriminators ? { type } : {}),
    name,
    drop,
    ...fields,
  });
  switch (column.column_type) {
    case "sampler":
      return { name, drop, ...toSampler(column, check) };
    case "expression":
      return typed("expression", { expr: column.expr, dtype: column.dtype });
    case "llm-text":
    case "llm-code":
    case "llm-structured":
      return typed(column.column_type, toLlm(column, check));
    case "llm-judge": {
      checkLlm(column, check);
      if (column.system_prompt !== null) check.refuse(name, "system_prompt", "judges of this version have none");
      if (column.multi_modal_context !== null)
        check.refuse(name, "multi_modal_context", "judges of this version have none");
      const rubrics = column.scores.map(({ options, ...score }) => ({ ...score, scoring: options }));
      return typed("llm-judge", { prompt: column.prompt, model_alias: column.model_alias, rubrics });
    }
    case "validation":
      return typed("code-validation", toValidation(column, check));
    case "seed-dataset":
      // Columns of the seed dataset are there by themselves in this version.
      return undefined;
    case "embedding":
    case "image":
    case "custom":
      check.refuse(name, column.column_type, "this version has no such column type");
      return undefined;
  }
}

function toSampler(column: SamplerColumn, check: FeatureCheck): Record<string, unknown> {
  const isFaker = column.sampler_type === "person_from_faker";
  if (isFaker)
    check.refuse(column.name, "person_from_faker", "this version draws people from its own datasets; use person");
  const toParams = (params: SamplerParams): unknown => {
    if (params.sampler_type === "person" || params.sampler_type === "person_from_faker") {
      const { sample_dataset_when_available: _source, ...person } = toPerson(column.name, params, check);
      return person;
    }
    const { sampler_type: _tag, ...fields } = params;
    if ("decimal_places" in fields && fields.decimal_places !== null) {
      check.refuse(column.name, "decimal_places", "this version does not round; use an expression column");
    }
    return compact(fields);
  };
  const conditional = Object.entries<SamplerParams>(column.conditional_params);
  return {
    type: column.sampler_type,
    params: toParams(column.params),
    ...(conditional.length === 0
      ? {}
      : {
          conditional_params: Object.fromEntries(conditional.map(([condition, each]) => [condition, toParams(each)])),
        }),
    ...compact({ convert_to: column.convert_to }),
  };
}

function toLlm(column: Exclude<LlmColumn, ColumnOf<"llm-judge">>, check: FeatureCheck): Record<string, unknown> {
  checkLlm(column, check);
  const { prompt, model_alias, system_prompt } = column;
  const common = compact({ prompt, model_alias, system_prompt, multi_modal_context: toContext(column, check) });
  switch (column.column_type) {
    case "llm-text":
      return { ...common, output_type: "text" };
    case "llm-code":
      checkLanguage(column.name, column.code_lang, check);
      return { ...common, output_type: "code", output_format: column.code_lang };
    case "llm-structured":
      return { ...common, output_type: "structured", output_format: column.output_format };
  }
}

function toValidation(column: ColumnOf<"validation">, check: FeatureCheck): Record<string, unknown> {
  const [target] = column.target_columns;
  if (column.target_columns.length > 1)
    check.refuse(column.name, "target_columns", "this version checks one column each");
  if (column.validator_type !== "code") {
    check.refuse(
      column.name,
      `validator_type ${column.validator_type}`,
      "this version knows remote validators by their names only",
    );
    return {};
  }
  checkValidator(column, check);
  return { target_column: target, code_lang: column.validator_params.code_lang };
}

function toSeed(seed: SeedConfig | null, check: FeatureCheck): unknown {
  if (seed === null) return null;
  if (seed.selection_strategy !== null) {
    check.refuse(null, "seed_config.selection_strategy", "this version reads the whole dataset");
  }
  return { dataset: toSeedDataset(seed, check), sampling_strategy: seed.sampling_strategy };
}
