import type { Column, ColumnOf, Design, LlmColumn } from "../../../../../engine/data/design/design.ts";
import type { SeedConfig } from "../../../../../engine/data/design/seed.ts";
import { checkCommon, checkLlm, toContext } from "./llm-features.ts";
import { toInference } from "./models.ts";
import { toSampler } from "./samplers.ts";
import { type FeatureCheck, type Translation, compact, createFeatureCheck, checkValidator } from "./translation.ts";
import type { V1Options } from "./v1-options.ts";

/** Languages of the published schema. Source: NeMo Data Designer API 1.4.0, `CodeLang`. */
const OTHER_LANGUAGES = ["bash", "c", "cobol", "cpp", "csharp"];

/**
 * The design as the `v1` API takes it. Source: NeMo Data Designer API 1.4.0, `DataDesignerConfig`; for 1.5 the types of
 * the Python SDK. Throws `not_supported` naming each column and feature that it cannot say.
 */
export function toV1Config(design: Design, options: V1Options): Translation {
  const check = createFeatureCheck(`the v1 API (${options.schema}) of the NeMo service`);
  const config = compact({
    columns: design.columns.map((column) => toColumn(column, options, check)),
    model_configs: design.model_configs?.map((model) => ({
      ...compact({ alias: model.alias, model: model.model, provider: model.provider }),
      inference_parameters: toInference(model, options, check),
    })),
    seed_config: toSeed(design.seed_config, options, check),
    constraints: design.constraints?.map(({ constraint_type, ...constraint }) => ({
      ...(options.hasDiscriminators ? { constraint_type } : {}),
      ...constraint,
    })),
    profilers: design.profilers?.map((profiler) => {
      if (profiler.summary_score_sample_size !== null) return profiler;
      check.refuse(null, "profilers.summary_score_sample_size", "it must be a number");
      return profiler;
    }),
  });
  for (const part of ["tool_configs", "processors"] as const) {
    if ((design[part] ?? []).length > 0) check.refuse(null, part, "this version has none");
  }
  check.finish();
  return { config, warnings: check.warnings };
}

function toColumn(column: Column, options: V1Options, check: FeatureCheck): unknown {
  checkCommon(column, check);
  const { name, drop, column_type } = column;
  const common = { ...(options.hasDiscriminators ? { column_type } : {}), name, drop };
  switch (column.column_type) {
    case "sampler":
      return { ...common, ...toSampler(column, options, check) };
    case "expression":
      return { ...common, expr: column.expr, dtype: column.dtype };
    case "llm-text":
    case "llm-code":
    case "llm-structured":
    case "llm-judge":
      return { ...common, ...toLlm(column, check) };
    case "validation":
      return { ...common, ...toValidation(column, check) };
    case "seed-dataset":
      return common;
    case "embedding":
    case "image":
    case "custom":
      check.refuse(name, column_type, "this version has no such column type");
      return common;
  }
}

function toLlm(column: LlmColumn, check: FeatureCheck): Record<string, unknown> {
  checkLlm(column, check);
  const { prompt, model_alias, system_prompt } = column;
  const multi_modal_context = toContext(column, check);
  const common = compact({ prompt, model_alias, system_prompt, multi_modal_context });
  switch (column.column_type) {
    case "llm-text":
      return common;
    case "llm-code":
      checkLanguage(column.name, column.code_lang, check);
      return { ...common, code_lang: column.code_lang };
    case "llm-structured":
      return { ...common, output_format: column.output_format };
    case "llm-judge":
      return { ...common, scores: column.scores };
  }
}

export function checkLanguage(column: string, language: string, check: FeatureCheck): void {
  if (OTHER_LANGUAGES.includes(language))
    check.refuse(column, `code_lang ${language}`, "this version does not know it");
}

function toValidation(column: ColumnOf<"validation">, check: FeatureCheck): Record<string, unknown> {
  const { target_columns, validator_type, batch_size } = column;
  checkValidator(column, check);
  const { validator_type: _tag, ...params } = column.validator_params;
  return { target_columns, validator_type, validator_params: compact(params), batch_size };
}

function toSeed(seed: SeedConfig | null, options: V1Options, check: FeatureCheck): unknown {
  if (seed === null) return null;
  const dataset = toSeedDataset(seed, check);
  if (seed.selection_strategy !== null && options.schema === "1.4") {
    check.refuse(null, "seed_config.selection_strategy", "this version reads the whole dataset");
  }
  const { sampling_strategy, selection_strategy } = seed;
  return compact({ dataset, sampling_strategy, selection_strategy });
}

/** A repository path is what a service's data store knows; files of this machine it cannot see. */
export function toSeedDataset(seed: SeedConfig, check: FeatureCheck): string {
  const { source } = seed;
  if (source.seed_type !== "hf") {
    check.refuse(
      null,
      `seed_config.source ${source.seed_type}`,
      'the service reads seeds from its data store only; upload the file there and use {"seed_type": "hf", "path": "<repository>/<file>"}',
    );
    return "";
  }
  check.warnings.push(
    `the seed dataset ${source.path} is read from the service's own data store; the seed's endpoint and token are not sent`,
  );
  return source.path;
}
