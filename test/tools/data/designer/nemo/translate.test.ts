import { readFileSync, readdirSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { Design } from "../../../../../engine/data/design/design.ts";
import { fingerprint } from "../../../../../engine/data/design/fingerprint.ts";
import { parseDesign } from "../../../../../engine/data/design/parse-design.ts";
import { fromV1Beta1Config } from "../../../../../tools/data/designer/nemo/translate/from-v1beta1.ts";
import { fromV1Config } from "../../../../../tools/data/designer/nemo/translate/from-v1.ts";
import { toV1Beta1Config } from "../../../../../tools/data/designer/nemo/translate/to-v1beta1.ts";
import { toV1Config } from "../../../../../tools/data/designer/nemo/translate/to-v1.ts";
import { toV2Config } from "../../../../../tools/data/designer/nemo/translate/to-v2.ts";
import { v1Schemas } from "../../../../support/nemo-service-schema.ts";

const PUBLISHED = { schema: "1.4", hasDiscriminators: true } as const;

function design(config: unknown): Design {
  const parsed = parseDesign(config);
  expect(parsed.violations).toEqual([]);
  if (parsed.design === undefined) throw new Error("no design");
  return parsed.design;
}

function sampler(name: string, samplerType: string, params: object, more: object = {}): object {
  return { column_type: "sampler", name, sampler_type: samplerType, params, ...more };
}

/** One of everything that the published API knows. */
const WIDE = {
  columns: [
    sampler("id", "uuid", { prefix: "O-", short_form: true }),
    sampler("kind", "category", { values: ["a", 2], weights: [1, 3] }),
    sampler("part", "subcategory", { category: "kind", values: { a: ["x"], "2": ["y"] } }),
    sampler("low", "uniform", { low: 0, high: 1, decimal_places: 2 }, { convert_to: "float" }),
    sampler(
      "high",
      "gaussian",
      { mean: 2, stddev: 1 },
      { drop: true, conditional_params: { "low > 0.5": { mean: 4, stddev: 1 } } },
    ),
    sampler("flag", "bernoulli", { p: 0.5 }),
    sampler("mixed", "bernoulli_mixture", { p: 0.5, dist_name: "gamma", dist_params: { a: 2 } }),
    sampler("trials", "binomial", { n: 3, p: 0.5 }),
    sampler("count", "poisson", { mean: 3 }),
    sampler("drawn", "scipy", { dist_name: "norm", dist_params: { loc: 1 }, decimal_places: 1 }),
    sampler("at", "datetime", { start: "2024-01-01", end: "2025-01-01", unit: "h" }),
    sampler("later", "timedelta", { dt_min: 1, dt_max: 5, reference_column_name: "at" }, { convert_to: "%Y-%m-%d" }),
    sampler("who", "person", { sex: "Female", age_range: [20, 30], select_field_values: { state: ["CA"] } }),
    { column_type: "expression", name: "sum", expr: "{{ low + high }}", dtype: "float" },
    { column_type: "llm-text", name: "text", prompt: "{{ kind }}", model_alias: "m", system_prompt: "short" },
    { column_type: "llm-code", name: "code", prompt: "{{ kind }}", model_alias: "m", code_lang: "sql:ansi" },
    {
      column_type: "llm-structured",
      name: "object",
      prompt: "{{ kind }}",
      model_alias: "m",
      output_format: { type: "object", properties: { a: { type: "string" } } },
    },
    {
      column_type: "llm-judge",
      name: "judge",
      prompt: "{{ text }}",
      model_alias: "m",
      scores: [{ name: "Good", description: "d", options: { "1": "no", "2": "yes" } }],
    },
    {
      column_type: "validation",
      name: "valid",
      target_columns: ["code"],
      validator_type: "code",
      validator_params: { code_lang: "sql:ansi" },
    },
    { column_type: "seed-dataset", name: "topic" },
  ],
  model_configs: [
    {
      alias: "m",
      model: "gpt-x",
      inference_parameters: {
        temperature: { distribution_type: "uniform", params: { low: 0.1, high: 0.9 } },
        top_p: { distribution_type: "manual", params: { values: [0.5, 0.9] } },
        max_tokens: 100,
        timeout: 5,
        extra_body: { seed: 1 },
      },
    },
  ],
  seed_config: { source: { seed_type: "hf", path: "team/seeds/topics.parquet" }, sampling_strategy: "shuffle" },
  constraints: [
    { constraint_type: "column_inequality", target_column: "high", operator: "gt", rhs: "low" },
    { constraint_type: "scalar_inequality", target_column: "low", operator: "lt", rhs: 0.9 },
  ],
  profilers: [{ model_alias: "m", summary_score_sample_size: 5 }],
};

function unsupported(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid_input" });
    const { unsupported: list } = (error as { data: { unsupported: { column: string | null; feature: string }[] } })
      .data;
    return list.map(({ column, feature }) => `${column ?? "-"}: ${feature}`);
  }
  return [];
}

describe("designs for the published v1 API", () => {
  it.each(["required", "forbidden"] as const)(
    "fit its schema when discriminators are %s, and come back equal",
    (rule) => {
      const original = design(WIDE);
      const { config } = toV1Config(original, { ...PUBLISHED, hasDiscriminators: rule === "required" });
      const parsed = v1Schemas(rule).preview.safeParse({ config, num_records: 1 });
      expect(parsed.error?.issues ?? []).toEqual([]);
      expect(fingerprint(design(fromV1Config(config)))).toEqual(fingerprint(original));
    },
  );

  it.each(readdirSync("seeds/designs").filter((file) => /^(?:minimal|orders)/.test(file)))("include %s", (file) => {
    const original = design(readFileSync(`seeds/designs/${file}`, "utf8"));
    const { config } = toV1Config(original, PUBLISHED);
    expect(v1Schemas("required").preview.safeParse({ config }).error?.issues ?? []).toEqual([]);
    expect(fingerprint(design(fromV1Config(config)))).toEqual(fingerprint(original));
  });

  it("draw people from Faker where that was asked for, and say so", () => {
    const original = design({
      columns: [
        sampler("kind", "category", { values: ["a"] }),
        sampler(
          "who",
          "person_from_faker",
          { locale: "de_DE", city: ["Ulm"] },
          { conditional_params: { "kind == 'a'": { locale: "fr_FR" } } },
        ),
      ],
    });
    const { config, warnings } = toV1Config(original, PUBLISHED);
    expect(config).toMatchObject({
      columns: [
        {},
        {
          sampler_type: "person",
          params: { sampler_type: "person", locale: "de_DE", sample_dataset_when_available: false },
        },
      ],
    });
    expect(warnings).toEqual([expect.stringContaining('"who": person_from_faker')]);
    expect(v1Schemas("required").preview.safeParse({ config }).error?.issues ?? []).toEqual([]);
    expect(design(fromV1Config(config))).toEqual(original);
    expect(toV1Config(original, { schema: "1.5", hasDiscriminators: true })).toMatchObject({
      warnings: [],
      config: { columns: [{}, { sampler_type: "person_from_faker" }] },
    });
  });

  it("name every feature that the API does not have, with its column", () => {
    const llm = { column_type: "llm-text", prompt: "{{ a }}", model_alias: "m" };
    const original = design({
      columns: [
        sampler("a", "category", { values: ["x"] }),
        { ...llm, name: "b", skip: { when: "{{ a == 'x' }}" }, propagate_skip: false },
        { ...llm, name: "c", tool_alias: "t", with_trace: "all_messages", extract_reasoning_content: true },
        { ...llm, name: "d", multi_modal_context: [{ column_name: "a", modality: "audio" }, { column_name: "a" }] },
        { ...llm, name: "e", column_type: "llm-code", code_lang: "cobol" },
        { column_type: "embedding", name: "f", target_column: "a", model_alias: "m" },
        { column_type: "image", name: "g", prompt: "{{ a }}", model_alias: "m" },
        { column_type: "custom", name: "h", generator_function: "make" },
        sampler("i", "person", { select_field_values: { state: ["CA"], occupation: ["nurse"] } }),
        {
          column_type: "validation",
          name: "j",
          target_columns: ["a"],
          validator_type: "local_callable",
          validator_params: { validation_function: "check" },
        },
      ],
      model_configs: [{ alias: "m", model: "x", inference_parameters: { generation_type: "image" } }],
      tool_configs: [{ tool_alias: "t", providers: ["p"] }],
      processors: [{ processor_type: "drop_columns", name: "p", column_names: ["a"] }],
      seed_config: { source: { seed_type: "local", path: "rows.csv" }, selection_strategy: { start: 0, end: 4 } },
    });
    expect(unsupported(() => toV1Config(original, PUBLISHED))).toEqual([
      "b: skip",
      "b: propagate_skip",
      "c: tool_alias",
      "c: with_trace",
      "c: extract_reasoning_content",
      "d: multi_modal_context audio",
      "d: multi_modal_context without data_type",
      "e: code_lang cobol",
      "f: embedding",
      "g: image",
      "h: custom",
      "i: select_field_values.occupation",
      "j: validator_type local_callable",
      "-: model m: generation_type image",
      "-: seed_config.source local",
      "-: seed_config.selection_strategy",
      "-: tool_configs",
      "-: processors",
    ]);
  });
});

describe("designs for v1beta1", () => {
  const known = {
    ...WIDE,
    profilers: null,
    columns: WIDE.columns.filter((column) => !/topic/.test(JSON.stringify(column))),
    model_configs: [{ alias: "m", model: "gpt-x", inference_parameters: { temperature: 0.5 } }],
  };
  const withoutRounding = JSON.parse(JSON.stringify(known).replaceAll(/,"decimal_places":\d/g, "")) as unknown;

  it("name the sampler in type, and come back equal", () => {
    const original = design(withoutRounding);
    const { config } = toV1Beta1Config(original, { hasDiscriminators: true });
    expect(config).toMatchObject({
      seed: { dataset: "team/seeds/topics.parquet", sampling_strategy: "shuffle" },
      constraints: [
        { target_column: "high", type: "column_inequality", params: { operator: "gt", rhs: "low" } },
        { target_column: "low", type: "scalar_inequality", params: { operator: "lt", rhs: 0.9 } },
      ],
    });
    const text = JSON.stringify(config);
    expect(text).toContain('"type":"category"');
    expect(text).toContain('"type":"llm-text"');
    expect(text).toContain('"scoring":{"1":"no","2":"yes"}');
    expect(text).not.toMatch(/column_type|sampler_type|constraint_type|generation_type|sample_dataset/);
    expect(fingerprint(design(fromV1Beta1Config(config)))).toEqual(fingerprint(original));
    const plain = toV1Beta1Config(original, { hasDiscriminators: false }).config;
    expect(JSON.stringify(plain)).not.toContain('"type":"llm-text"');
    expect(fingerprint(design(fromV1Beta1Config(plain)))).toEqual(fingerprint(original));
  });

  it("name what the old API does not have", () => {
    const original = design({
      columns: [
        sampler("a", "uniform", { low: 0, high: 1, decimal_places: 2 }),
        sampler("b", "person_from_faker", {}),
        {
          column_type: "validation",
          name: "c",
          target_columns: ["a"],
          validator_type: "remote",
          validator_params: { endpoint_url: "http://x" },
        },
      ],
      profilers: [{ model_alias: "m" }],
    });
    expect(unsupported(() => toV1Beta1Config(original, { hasDiscriminators: true }))).toEqual([
      "a: decimal_places",
      "b: person_from_faker",
      "c: validator_type remote",
      "-: profilers",
    ]);
  });
});

describe("designs for v2", () => {
  it("are the design itself, without what only a Python process has", () => {
    const original = design(WIDE);
    expect(toV2Config(original)).toEqual({ config: original, warnings: [] });
    const columns = [{ column_type: "custom", name: "h", generator_function: "make" }];
    expect(unsupported(() => toV2Config(design({ columns })))).toEqual(["h: custom"]);
    const frame = { columns: WIDE.columns.slice(0, 1), seed_config: { source: { seed_type: "df" } } };
    expect(unsupported(() => toV2Config(design(frame)))).toEqual(["-: seed_config.source df"]);
  });
});
