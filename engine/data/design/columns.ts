import { z } from "zod";

import { configObject } from "./object-schema.ts";
import { SAMPLER_PARAMS } from "./sampler-params.ts";
import type { SamplerType } from "./sampler-params.ts";

/** Languages of generated code. */
export const CODE_LANGUAGES = [
  "bash",
  "c",
  "cobol",
  "cpp",
  "csharp",
  "go",
  "java",
  "javascript",
  "kotlin",
  "python",
  "ruby",
  "rust",
  "scala",
  "swift",
  "typescript",
  "sql:sqlite",
  "sql:tsql",
  "sql:bigquery",
  "sql:mysql",
  "sql:postgres",
  "sql:ansi",
] as const;

export const CodeLang = z.enum(CODE_LANGUAGES);
export type CodeLang = z.infer<typeof CodeLang>;

/** The template in `when` (with braces) decides per row; skipped cells get `value`. */
export const Skip = configObject({
  when: z.string().min(1),
  value: z
    .union([z.boolean(), z.number(), z.string()], { error: "must be text, a number, true, false or null" })
    .nullable()
    .default(null),
});
export type Skip = z.infer<typeof Skip>;

const common = {
  name: z.string().min(1),
  drop: z.boolean().default(false),
  skip: Skip.nullable().default(null),
  propagate_skip: z.boolean().default(true),
};

function samplerColumn<Type extends SamplerType, Params extends z.ZodType>(samplerType: Type, params: Params) {
  return configObject({
    ...common,
    column_type: z.literal("sampler"),
    sampler_type: z.literal(samplerType),
    params,
    /** Conditions without braces over other sampler columns; of several that hold, the last one wins. */
    conditional_params: z.record(z.string(), params).default({}),
    convert_to: z.string().nullable().default(null),
  });
}

export const SAMPLER_COLUMNS = {
  uuid: samplerColumn("uuid", SAMPLER_PARAMS.uuid),
  category: samplerColumn("category", SAMPLER_PARAMS.category),
  subcategory: samplerColumn("subcategory", SAMPLER_PARAMS.subcategory),
  uniform: samplerColumn("uniform", SAMPLER_PARAMS.uniform),
  gaussian: samplerColumn("gaussian", SAMPLER_PARAMS.gaussian),
  bernoulli: samplerColumn("bernoulli", SAMPLER_PARAMS.bernoulli),
  bernoulli_mixture: samplerColumn("bernoulli_mixture", SAMPLER_PARAMS.bernoulli_mixture),
  binomial: samplerColumn("binomial", SAMPLER_PARAMS.binomial),
  poisson: samplerColumn("poisson", SAMPLER_PARAMS.poisson),
  scipy: samplerColumn("scipy", SAMPLER_PARAMS.scipy),
  datetime: samplerColumn("datetime", SAMPLER_PARAMS.datetime),
  timedelta: samplerColumn("timedelta", SAMPLER_PARAMS.timedelta),
  person: samplerColumn("person", SAMPLER_PARAMS.person),
  person_from_faker: samplerColumn("person_from_faker", SAMPLER_PARAMS.person_from_faker),
} as const;

const mediaContext = {
  column_name: z.string().min(1),
  data_type: z.enum(["url", "base64"]).nullable().default(null),
};
const MediaContext = z
  .discriminatedUnion("modality", [
    configObject({
      modality: z.literal("image"),
      ...mediaContext,
      image_format: z.enum(["png", "jpg", "jpeg", "gif", "webp"]).nullable().default(null),
    }),
    configObject({
      modality: z.literal("audio"),
      ...mediaContext,
      audio_format: z.enum(["mp3", "wav"]).nullable().default(null),
    }),
    configObject({
      modality: z.literal("video"),
      ...mediaContext,
      video_format: z.enum(["mp4", "mov", "webm"]).nullable().default(null),
    }),
  ])
  .refine((context) => context.data_type !== "base64" || hasFormat(context), {
    error: "with data_type base64 the format (image_format, audio_format or video_format) must be given",
  });

/** Contexts of old configs have no `modality`: they are images, unless they name another format. */
const MultiModalContext = z
  .array(
    z.preprocess((value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
      if ("modality" in value || "audio_format" in value || "video_format" in value) return value;
      return { modality: "image", ...value };
    }, MediaContext),
  )
  .nullable()
  .default(null);

const llm = {
  ...common,
  prompt: z.string(),
  model_alias: z.string().min(1),
  system_prompt: z.string().nullable().default(null),
  multi_modal_context: MultiModalContext,
  tool_alias: z.string().nullable().default(null),
  with_trace: z.enum(["none", "last_message", "all_messages"]).default("none"),
  extract_reasoning_content: z.boolean().default(false),
};

export const LlmTextColumn = configObject({ ...llm, column_type: z.literal("llm-text") });

export const LlmCodeColumn = configObject({ ...llm, column_type: z.literal("llm-code"), code_lang: CodeLang });

/** `output_format` is a JSON Schema. */
export const LlmStructuredColumn = configObject({
  ...llm,
  column_type: z.literal("llm-structured"),
  output_format: z.record(z.string(), z.json()),
});

/** `options` maps each score, number or word, to what it means. */
export const Score = configObject({
  name: z.string().min(1),
  description: z.string(),
  options: z.record(z.string(), z.string()),
});

export const LlmJudgeColumn = configObject({
  ...llm,
  column_type: z.literal("llm-judge"),
  scores: z.array(Score).min(1),
});

export const ExpressionColumn = configObject({
  ...common,
  column_type: z.literal("expression"),
  expr: z.string().refine((text) => text.trim() !== "", { error: "must not be blank, for example {{ price * qty }}" }),
  dtype: z.enum(["int", "float", "str", "bool"]).default("str"),
});

/** Code validators of these are read here but not by a Data Designer service, which knows Python and the SQL dialects. */
export const OWN_VALIDATOR_LANGUAGES: readonly string[] = ["javascript", "typescript"];

const CodeValidator = configObject({
  validator_type: z.literal("code").default("code"),
  code_lang: CodeLang.refine(
    (language) => language === "python" || language.startsWith("sql:") || OWN_VALIDATOR_LANGUAGES.includes(language),
    {
      error:
        "code can be checked in python and the sql dialects only, and by the built-in engine in javascript and typescript",
    },
  ),
});

const LocalCallableValidator = configObject({
  validator_type: z.literal("local_callable").default("local_callable"),
  validation_function: z.string(),
  output_schema: z.record(z.string(), z.json()).nullable().default(null),
});

/** Times in seconds; `retry_backoff` is the factor between two waits. */
const RemoteValidator = configObject({
  validator_type: z.literal("remote").default("remote"),
  endpoint_url: z.string().min(1),
  output_schema: z.record(z.string(), z.json()).nullable().default(null),
  timeout: z.number().positive().default(30),
  max_retries: z.number().int().min(0).default(3),
  retry_backoff: z.number().gt(1).default(2),
  max_parallel_requests: z.number().int().min(1).default(4),
});

function validationColumn<Type extends string, Params extends z.ZodType>(validatorType: Type, params: Params) {
  return configObject({
    ...common,
    column_type: z.literal("validation"),
    target_columns: z.array(z.string()).min(1),
    validator_type: z.literal(validatorType),
    validator_params: params,
    batch_size: z.number().int().min(1).default(10),
  });
}

export const VALIDATION_COLUMNS = {
  code: validationColumn("code", CodeValidator),
  local_callable: validationColumn("local_callable", LocalCallableValidator),
  remote: validationColumn("remote", RemoteValidator),
} as const;

export const SeedDatasetColumn = configObject({ ...common, column_type: z.literal("seed-dataset") });

export const EmbeddingColumn = configObject({
  ...common,
  column_type: z.literal("embedding"),
  target_column: z.string().min(1),
  model_alias: z.string().min(1),
});

export const ImageColumn = configObject({
  ...common,
  column_type: z.literal("image"),
  prompt: z.string(),
  model_alias: z.string().min(1),
  multi_modal_context: MultiModalContext,
});

/** Only the function's name is in a config, so nobody but the Python process that has the function can run it. */
export const CustomColumn = configObject({
  ...common,
  column_type: z.literal("custom"),
  generator_function: z.string(),
  generation_strategy: z.enum(["cell_by_cell", "full_column"]).default("cell_by_cell"),
  generator_params: z.record(z.string(), z.json()).nullable().default(null),
});

function hasFormat(context: object): boolean {
  return Object.entries(context).some(([key, value]) => key.endsWith("_format") && value !== null);
}
