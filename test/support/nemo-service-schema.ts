import { z } from "zod";

/**
 * Bodies of the published API, as strict as it is: unknown keys are refused everywhere. Source: NeMo Data Designer API
 * 1.4.0 (OpenAPI). `forbidden` is that document to the letter, `allowed` and `required` are what servers with the
 * library's own schema do with discriminators.
 */
export type DiscriminatorRule = "allowed" | "forbidden" | "required";

export interface FieldProblem {
  readonly loc: (string | number)[];
  readonly msg: string;
  readonly type: string;
}

const SAMPLER_PARAMS = {
  bernoulli: { p: z.number().min(0).max(1) },
  bernoulli_mixture: {
    p: z.number().min(0).max(1),
    dist_name: z.string(),
    dist_params: z.record(z.string(), z.json()),
  },
  binomial: { n: z.int(), p: z.number().min(0).max(1) },
  category: {
    values: z.array(z.union([z.string(), z.number()])).min(1),
    weights: z.array(z.number()).optional(),
  },
  datetime: { start: z.string(), end: z.string(), unit: z.enum(["Y", "M", "D", "h", "m", "s"]).optional() },
  gaussian: { mean: z.number(), stddev: z.number(), decimal_places: z.int().optional() },
  person: {
    locale: z.string().optional(),
    sex: z.string().optional(),
    city: z.union([z.string(), z.array(z.string())]).optional(),
    age_range: z.array(z.int()).length(2).optional(),
    state: z.union([z.string(), z.array(z.string())]).optional(),
    with_synthetic_personas: z.boolean().optional(),
    sample_dataset_when_available: z.boolean().optional(),
  },
  poisson: { mean: z.number() },
  scipy: {
    dist_name: z.string(),
    dist_params: z.record(z.string(), z.json()),
    decimal_places: z.int().optional(),
  },
  subcategory: { category: z.string(), values: z.record(z.string(), z.array(z.union([z.string(), z.number()]))) },
  timedelta: {
    dt_min: z.int().min(0),
    dt_max: z.int().positive(),
    reference_column_name: z.string(),
    unit: z.enum(["D", "h", "m", "s"]).optional(),
  },
  uniform: { low: z.number(), high: z.number(), decimal_places: z.int().optional() },
  uuid: { prefix: z.string().optional(), short_form: z.boolean().optional(), uppercase: z.boolean().optional() },
} as const;

const CODE_LANG = z.enum([
  "go",
  "javascript",
  "java",
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
]);

function tag(rule: DiscriminatorRule, key: string, value: string): Record<string, z.ZodType> {
  if (rule === "forbidden") return {};
  return { [key]: rule === "required" ? z.literal(value) : z.literal(value).optional() };
}

function configSchema(rule: DiscriminatorRule) {
  const params = Object.fromEntries(
    Object.entries(SAMPLER_PARAMS).map(([name, shape]) => [
      name,
      z.strictObject({ ...tag(rule, "sampler_type", name), ...shape }),
    ]),
  );
  const column = (type: string, shape: Record<string, z.ZodType>) =>
    z.strictObject({ ...tag(rule, "column_type", type), name: z.string(), drop: z.boolean().optional(), ...shape });
  const llm = {
    prompt: z.string(),
    model_alias: z.string(),
    system_prompt: z.string().optional(),
    multi_modal_context: z
      .array(
        z.object({
          modality: z.literal("image").optional(),
          column_name: z.string(),
          data_type: z.enum(["url", "base64"]),
          image_format: z.enum(["png", "jpg", "jpeg", "gif", "webp"]).optional(),
        }),
      )
      .optional(),
  };
  const score = z.strictObject({
    name: z.string(),
    description: z.string(),
    options: z.record(z.string(), z.string()),
  });
  const validator = z.union([
    z.strictObject({ code_lang: CODE_LANG }),
    z.strictObject({
      endpoint_url: z.string(),
      output_schema: z.record(z.string(), z.json()).optional(),
      timeout: z.number().positive().optional(),
      max_retries: z.int().min(0).optional(),
      retry_backoff: z.number().gt(1).optional(),
      max_parallel_requests: z.int().min(1).optional(),
    }),
  ]);
  const samplers = Object.entries(params).map(([name, schema]) =>
    column("sampler", {
      sampler_type: z.literal(name),
      params: schema,
      conditional_params: z.record(z.string(), schema).optional(),
      convert_to: z.string().optional(),
    }),
  );
  const operator = z.enum(["lt", "le", "gt", "ge"]);
  const distribution = z.union([
    z.number(),
    z.strictObject({
      distribution_type: z.enum(["uniform", "manual"]).optional(),
      params: z.union([
        z.strictObject({ low: z.number(), high: z.number() }),
        z.strictObject({ values: z.array(z.number()).min(1), weights: z.array(z.number()).optional() }),
      ]),
    }),
  ]);
  return z.strictObject({
    columns: z
      .array(
        z.union([
          column("expression", { expr: z.string(), dtype: z.enum(["int", "float", "str", "bool"]).optional() }),
          column("llm-code", { ...llm, code_lang: CODE_LANG }),
          column("llm-judge", { ...llm, scores: z.array(score).min(1) }),
          column("llm-structured", { ...llm, output_format: z.record(z.string(), z.json()) }),
          column("llm-text", llm),
          ...samplers,
          column("seed-dataset", {}),
          column("validation", {
            target_columns: z.array(z.string()),
            validator_type: z.enum(["code", "remote"]),
            validator_params: validator,
            batch_size: z.int().min(1).optional(),
          }),
        ]),
      )
      .min(1),
    model_configs: z
      .array(
        z.strictObject({
          alias: z.string(),
          model: z.string(),
          provider: z.string().optional(),
          inference_parameters: z.strictObject({
            ...tag(rule, "generation_type", "chat-completion"),
            temperature: distribution.optional(),
            top_p: distribution.optional(),
            max_tokens: z.int().optional(),
            max_parallel_requests: z.int().min(1).optional(),
            timeout: z.int().optional(),
            extra_body: z.record(z.string(), z.json()).optional(),
          }),
        }),
      )
      .optional(),
    seed_config: z
      .strictObject({ dataset: z.string(), sampling_strategy: z.enum(["ordered", "shuffle"]).optional() })
      .optional(),
    constraints: z
      .array(
        z.union([
          z.strictObject({
            ...tag(rule, "constraint_type", "scalar_inequality"),
            target_column: z.string(),
            operator,
            rhs: z.number(),
          }),
          z.strictObject({
            ...tag(rule, "constraint_type", "column_inequality"),
            target_column: z.string(),
            operator,
            rhs: z.string(),
          }),
        ]),
      )
      .optional(),
    profilers: z
      .array(z.strictObject({ model_alias: z.string(), summary_score_sample_size: z.int().optional() }))
      .optional(),
  });
}

const details = z.record(z.string(), z.json());

/** `DataDesignerJobRequest` and `PreviewRequest`: what lies around a config may have more fields. */
export function v1Schemas(rule: DiscriminatorRule) {
  const config = configSchema(rule);
  return {
    job: z.object({
      name: z.string().optional(),
      description: z.string().optional(),
      namespace: z.string().optional(),
      project: z.string().optional(),
      ownership: details.optional(),
      custom_fields: details.optional(),
      spec: z.object({ num_records: z.int(), config }),
    }),
    preview: z.object({ config, num_records: z.int().optional() }),
  };
}

/** What pydantic tells of a body: one entry for each key, for a union those of every member. */
export function toProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.flatMap((issue) => describeIssue(issue, ["body"]));
}

function describeIssue(issue: z.core.$ZodIssue, before: readonly (string | number)[]): FieldProblem[] {
  // JSON has no symbols for keys.
  const loc = [...before, ...(issue.path as (string | number)[])];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      loc: [...loc, key],
      msg: "Extra inputs are not permitted",
      type: "extra_forbidden",
    }));
  }
  if (issue.code === "invalid_union") {
    return issue.errors.flatMap((issues, member) =>
      issues.flatMap((each) => describeIssue(each, [...loc, `member${member}`])),
    );
  }
  const isMissing =
    /received undefined/.test(issue.message) || (issue.code === "invalid_value" && issue.input === undefined);
  return [isMissing ? { loc, msg: "Field required", type: "missing" } : { loc, msg: issue.message, type: issue.code }];
}
