import { describe, expect, it } from "vitest";

import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { inferDiscriminators } from "../../../../tools/data/designer/infer-discriminators.ts";
import { readServiceConfig } from "../../../../tools/data/designer/read-service-config.ts";

const typeOf = (column: object): unknown => {
  const { columns } = inferDiscriminators({ columns: [column] });
  return (columns as { column_type?: unknown }[])[0]?.column_type;
};

describe("column types that were left out", () => {
  it.each([
    ["sampler", { name: "a", sampler_type: "uuid", params: {} }],
    ["expression", { name: "a", expr: "{{ b }}" }],
    ["llm-text", { name: "a", prompt: "p", model_alias: "m" }],
    ["llm-code", { name: "a", prompt: "p", model_alias: "m", code_lang: "python" }],
    ["llm-structured", { name: "a", prompt: "p", model_alias: "m", output_format: {} }],
    ["llm-judge", { name: "a", prompt: "p", model_alias: "m", scores: [] }],
    ["validation", { name: "a", target_columns: ["b"], validator_type: "code", validator_params: {} }],
    ["seed-dataset", { name: "a", drop: true }],
    ["seed-dataset", { name: "a", column_type: null }],
  ])("are told by the fields: %s", (type, column) => {
    expect(typeOf(column)).toBe(type);
  });

  it("stay as they are where they are written, and where nothing tells them", () => {
    expect(typeOf({ name: "a", column_type: "expression", prompt: "p" })).toBe("expression");
    expect(typeOf({ name: "a", column_type: 7 })).toBe(7);
    expect(typeOf({ name: "a", colour: "red" })).toBeUndefined();
  });
});

describe("a config of the service", () => {
  it("comes back as it is when it is one of the library", () => {
    const config = {
      columns: [{ column_type: "sampler", name: "a", sampler_type: "uuid", params: { sampler_type: "uuid" } }],
      seed_config: { source: { seed_type: "local", path: "x.csv" } },
      processors: [{ processor_type: "drop_columns", name: "d", column_names: ["a"] }],
    };
    expect(readServiceConfig(config)).toEqual(config);
    expect(readServiceConfig({ data_designer: config, library_version: "1" })).toEqual(config);
  });

  it("is a design without its discriminators", () => {
    const { violations } = parseDesign(
      readServiceConfig({
        columns: [
          { name: "a", sampler_type: "category", params: { values: ["x", "y"], weights: [2, 1] } },
          { name: "b", sampler_type: "uniform", params: { low: 0, high: 1 } },
          { name: "c", expr: "{{ a }}", dtype: "str" },
        ],
        constraints: [{ target_column: "b", operator: "gt", rhs: 0.5 }],
        model_configs: null,
      }),
    );
    expect(violations).toEqual([]);
  });

  it("names its seed dataset, its processors and its persons in the service's way", () => {
    const read = readServiceConfig({
      columns: [
        {
          name: "p",
          sampler_type: "person",
          params: { locale: "en_US", state: "CA", sample_dataset_when_available: true, with_synthetic_personas: false },
        },
        {
          name: "f",
          sampler_type: "person",
          params: { sampler_type: "person", sample_dataset_when_available: false, with_synthetic_personas: false },
          conditional_params: { "p == 1": { sex: "Male", sample_dataset_when_available: false } },
        },
      ],
      seed_config: { dataset: "patients.csv", sampling_strategy: "shuffle", selection_strategy: null },
      processors: [
        { processor_type: "drop_columns", build_stage: "post_batch", column_names: ["p"] },
        { build_stage: "post_batch" },
      ],
    });
    expect(read).toMatchObject({
      columns: [
        { column_type: "sampler", sampler_type: "person", params: { select_field_values: { state: ["CA"] } } },
        { sampler_type: "person_from_faker", params: {}, conditional_params: { "p == 1": { sex: "Male" } } },
      ],
      seed_config: { source: { seed_type: "local", path: "patients.csv" }, sampling_strategy: "shuffle" },
      processors: [{ processor_type: "drop_columns", name: "processor_1", column_names: ["p"] }],
    });
    expect(parseDesign(read).violations).toEqual([]);
  });

  it.each([null, 7, "nothing", [], { columns: 3 }, { columns: [null, 4, "x"] }, { columns: [], processors: {} }])(
    "never throws for %j",
    (input) => {
      expect(parseDesign(readServiceConfig(input)).design?.columns ?? []).toEqual([]);
    },
  );
});
