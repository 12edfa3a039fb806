import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { DATA_TOOLS } from "../../../tools/data/index.ts";
import { type Answer, ask, type DataTools, EMPTY, openDataTools, refuse } from "./support/open-data-tools.ts";

let tools: DataTools;
beforeAll(async () => {
  tools = await openDataTools();
});
afterAll(() => tools.close());

describe("arguments that are written otherwise", () => {
  const readings: readonly (readonly [string, Answer, Answer])[] = [
    [
      "add_category_column",
      { name: "c", values: "active 80%, closed 20%" },
      { values: ["active", "closed"], weights: [80, 20] },
    ],
    ["add_category_column", { name: "c", values: '["a", "b", "c"]' }, { values: ["a", "b", "c"] }],
    ["add_category_column", { name: "c", values: { x: 1, y: 3 } }, { values: ["x", "y"], weights: [1, 3] }],
    [
      "add_category_column",
      { name: "c", values: "a; b, c; d", weights: "1;2;3" },
      { values: ["a", "b, c", "d"], weights: [1, 2, 3] },
    ],
    [
      "add_category_column",
      { name: "c", values: [1, 2], weights: { "2": "75%", "1": "25%" } },
      { values: [1, 2], weights: [25, 75] },
    ],
    ["add_category_column", { name: "c", values: "00123, 00456" }, { values: ["00123", "00456"] }],
    ["add_category_column", { name: "c", values: [true, false] }, { values: ["true", "false"] }],
    [
      "add_subcategory_column",
      { name: "c", category: "p", values: '{"a": "x, y", "b": ["z"]}' },
      { category: "p", values: { a: ["x", "y"], b: ["z"] } },
    ],
    [
      "add_int_column",
      { name: "c", low: "1", high: "$1,000" },
      { dist_name: "randint", dist_params: { low: 1, high: 1001 } },
    ],
    [
      "add_float_column",
      { name: "c", low: "1e2", high: " 500.5 ", decimal_places: "1" },
      { low: 100, high: 500.5, decimal_places: 1 },
    ],
    ["add_sampler_column", { name: "c", sampler_type: "Poisson", params: '{"mean": "3"}' }, { mean: 3 }],
    [
      "add_sampler_column",
      { name: "c", sampler_type: "scipy", params: { dist_name: "beta", dist_params: { a: "2", b: 3 } } },
      { dist_name: "beta", dist_params: { a: 2, b: 3 } },
    ],
    [
      "add_datetime_column",
      { name: "c", start: "Jan 5, 2024", end: "31/12/2024" },
      { start: "2024-01-05", end: "2024-12-31", unit: "D" },
    ],
    [
      "add_datetime_column",
      { name: "c", start: 2023, end: "2024-06", unit: "months" },
      { start: "2023-01-01", end: "2024-06-01", unit: "M" },
    ],
    [
      "add_datetime_column",
      { name: "c", start: "2024-01-01 09:30", end: "2024-01-02", format: "DD.MM.YYYY HH:mm" },
      { start: "2024-01-01T09:30:00", end: "2024-01-02", unit: "m" },
    ],
    [
      "add_timedelta_column",
      { name: "c", reference_column_name: "d", dt_min: "1", dt_max: "8", unit: "Hours" },
      { dt_min: 1, dt_max: 8, unit: "h" },
    ],
    [
      "add_person_column",
      { name: "c", locale: "de-DE", sex: "female", age_range: "18-65", city: "Berlin" },
      { locale: "de_DE", sex: "Female", age_range: [18, 65], city: ["Berlin"] },
    ],
    ["add_uuid_column", { name: "c", short_form: "yes", uppercase: "false", prefix: null }, { short_form: true }],
  ];

  it.each(readings)("%s %j is understood", async (tool, args, params) => {
    const { column } = await ask(tools.connect(), tool, args, EMPTY);
    expect(column).toMatchObject({ name: "c", params });
  });

  it("takes a shorthand for JSON schemas, scores with lists of options and other words for languages", async () => {
    const client = tools.connect();
    const structured = { name: "s", prompt: "p", output_format: { title: "string", n: "integer" } };
    expect((await ask(client, "add_llm_structured_column", structured, EMPTY))["column"]).toMatchObject({
      output_format: {
        type: "object",
        properties: { title: { type: "string" }, n: { type: "integer" } },
        required: ["title", "n"],
      },
    });
    const judge = { name: "j", prompt: "p", scores: '[{"name": "Tone", "options": ["good", "bad"]}]' };
    expect((await ask(client, "add_llm_judge_column", judge, EMPTY))["column"]).toMatchObject({
      scores: [{ name: "Tone", description: "Tone", options: { good: "good", bad: "bad" } }],
    });
    const code = { name: "c", prompt: "p", code_lang: "JS" };
    expect((await ask(client, "add_llm_code_column", code, EMPTY))["column"]).toMatchObject({
      code_lang: "javascript",
    });
    const check = {
      name: "v",
      target_columns: "c",
      validator_type: "code",
      validator_params: { code_lang: "Postgres" },
    };
    expect((await ask(client, "add_validation_column", check, EMPTY))["column"]).toMatchObject({
      target_columns: ["c"],
      validator_params: { code_lang: "sql:postgres" },
    });
  });

  const refusals: readonly (readonly [string, Answer, string])[] = [
    ["init_config", { num_records: 0 }, "num_records must be a whole number from 1 to 10000000, got 0"],
    ["init_config", { num_records: 1e9 }, "num_records must be a whole number"],
    ["add_category_column", { name: "c" }, "values is required"],
    ["add_category_column", { name: "c", values: [] }, 'must be a list such as ["small", "large"]'],
    ["add_category_column", { name: "c", values: ["a", "b"], weights: [1] }, "weights has 1 entries and values has 2"],
    [
      "add_category_column",
      { name: "c", values: ["a", "b"], weights: { a: 1, z: 2 } },
      "weights must name each of the values: a, b",
    ],
    [
      "add_category_column",
      { name: "c", values: ["a"], wieghts: [1] },
      "wieghts is not known; known are name, values, weights",
    ],
    [
      "add_subcategory_column",
      { name: "c", category: "p", values: ["a"] },
      "must be an object with a list for each value",
    ],
    ["add_int_column", { name: "c", low: "1,5", high: 3 }, 'low must be a number, got "1,5"'],
    ["add_int_column", { name: "c", low: 1.2, high: 1.8 }, "there is no whole number from 1.2 to 1.8"],
    ["add_int_column", { name: "c", low: 9, high: 3 }, "low (9) must not be greater than high (3)"],
    ["add_gaussian_column", { name: "c", mean: 1, stddev: -2 }, "stddev must not be negative"],
    ["add_float_column", { name: " ", low: 1, high: 3 }, "name must be text of 1 to 200 characters"],
    [
      "add_sampler_column",
      { name: "c", sampler_type: "gauss", params: {} },
      "sampler_type must be one of uuid, category",
    ],
    ["add_sampler_column", { name: "c", sampler_type: "bernoulli", params: { p: 2 } }, "params.p: must be at most 1"],
    ["add_sampler_column", { name: "c", sampler_type: "poisson", params: { lambda: 2 } }, 'unknown field "lambda"'],
    [
      "add_datetime_column",
      { name: "c", start: "01/02/2024", end: "2025" },
      "a day and a month that could be exchanged",
    ],
    ["add_datetime_column", { name: "c", start: "2025", end: "2024" }, "must be before end"],
    [
      "add_timedelta_column",
      { name: "c", reference_column_name: "d", dt_min: 5, dt_max: 5 },
      "dt_min (5) must be less than dt_max (5)",
    ],
    ["add_person_column", { name: "c", age_range: [65, 18] }, "must be [youngest, oldest]"],
    ["add_expression_column", { name: "c", expr: "{{ a + }}" }, "cannot be read"],
    ["add_expression_column", { name: "c", expr: "{% set a = 1 %}{{ a }}" }, "the tag `set` is not allowed"],
    ["add_llm_code_column", { name: "c", prompt: "p", code_lang: "latin" }, "code_lang must be one of bash, c, cobol"],
    ["add_llm_judge_column", { name: "c", prompt: "p", scores: "quality" }, 'must be a list of {"name", "description"'],
    ["add_llm_text_column", { name: "c" }, "prompt is required"],
    [
      "add_validation_column",
      { name: "c", target_columns: ["x"], validator_type: "code", validator_params: { code_lang: "go" } },
      "code can be checked in python and the sql dialects only",
    ],
    [
      "add_seed_dataset",
      { path: "a.csv", selection_strategy: { start: 5, end: 1 } },
      "start must not be greater than end",
    ],
    ["add_column_constraint", { target_column: "a", operator: "lt", rhs: "50" }, "use add_scalar_constraint"],
    ["add_scalar_constraint", { target_column: "a", operator: "lt", rhs: "b" }, 'rhs must be a number, got "b"'],
    [
      "add_scalar_constraint",
      { target_column: "a", operator: "equals", rhs: 1 },
      "operator must be one of lt, le, gt, ge",
    ],
    ["add_model_config", { alias: "m", model: "x", temperature: 9 }, "temperature: must stay between 0 and 2"],
    [
      "update_column",
      { name: "nothing", changes: { low: 1 } },
      'there is no column "nothing"; the design has none yet',
    ],
    ["remove_column", { name: "nothing" }, 'there is no column "nothing"'],
    ["preview_data", {}, "the design has no columns yet"],
    ["create_job", { num_records: 5 }, "the design has no columns yet"],
    ["create_job", { num_records: 5, formats: ["xml"] }, "formats must be a list of jsonl, csv, parquet"],
    ["get_job_status", { job_id: "x" }, 'no job "x"'],
    ["cancel_job", { job_id: "x" }, 'no job "x"'],
    ["list_jobs", { status: "asleep" }, "status must be one of created"],
  ];

  it.each(refusals)("%s %j is refused with what would be right", async (tool, args, message) => {
    const answer = await refuse(tools.connect(), tool, args, EMPTY);
    expect(answer["error"]).toContain(message);
    const example = DATA_TOOLS.find((one) => one.name === tool)?.example;
    if (answer["code"] === "invalid_input" && example !== undefined) expect(answer["example"]).toEqual(example);
  });
});
