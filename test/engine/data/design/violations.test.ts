import { describe, expect, it } from "vitest";

import { readDesign } from "../../../../engine/data/design/validate.ts";
import type { Violation } from "../../../../engine/data/design/violation.ts";
import { category, datetime, expression, limit, sampler, text, timedelta, uniform } from "./build-design.ts";
import type { Raw } from "./build-design.ts";

/** What the design holds · the violation's type, level (E, W), column · words its message must have. */
type Row = readonly [
  design: Raw,
  type: Violation["type"],
  level: "E" | "W",
  column: string | null,
  ...words: readonly string[],
];

const code = (name: string, language: string): Raw => ({
  ...text(name, "Write {{ a }}"),
  column_type: "llm-code",
  code_lang: language,
});
const validator = (targets: readonly string[], language = "python"): Raw => ({
  column_type: "validation",
  name: "check",
  target_columns: targets,
  validator_type: "code",
  validator_params: { code_lang: language },
});
const model = (alias: string, parameters: Raw = {}): Raw => ({ alias, model: "m", inference_parameters: parameters });
const sub = (values: Raw, rest: Raw = {}): Raw => sampler("s", "subcategory", { category: "c", values }, rest);
const dist = (name: string, params: Raw): Raw => sampler("a", "scipy", { dist_name: name, dist_params: params });
const seed = { source: { seed_type: "local", path: "rows.csv" } };
const a = uniform("a");

const ROWS: readonly Row[] = [
  // Shape.
  [{}, "missing_field", "E", null, "columns", "is missing"],
  [{ columns: {} }, "invalid_value", "E", null, "must be a list"],
  [{ columns: [] }, "missing_field", "E", null, "no columns"],
  [{ columns: [a], constraint: [] }, "unknown_field", "E", null, '"constraint"', 'Did you mean "constraints"?'],
  [{ columns: [a, 5] }, "invalid_value", "E", null, "columns[1]", "must be an object"],
  [{ columns: [{ name: "x" }] }, "missing_field", "E", "x", "column_type is missing"],
  [{ columns: [{ name: "x", column_type: "llm_text" }] }, "unknown_column_type", "E", "x", 'Did you mean "llm-text"?'],
  [{ columns: [{ name: "x", column_type: "constructor" }] }, "unknown_column_type", "E", "x", "It is one of sampler"],
  [
    { columns: [{ name: "x", column_type: "category" }] },
    "unknown_column_type",
    "E",
    "x",
    '"sampler_type": "category"',
  ],
  [{ columns: [sampler("x", "normal", {})] }, "unknown_sampler_type", "E", "x", "gaussian"],
  [{ columns: [sampler("x", "gausian", {})] }, "unknown_sampler_type", "E", "x", 'Did you mean "gaussian"?'],
  [{ columns: [{ ...a, dorp: true }] }, "unknown_field", "E", "a", '"dorp"', 'did you mean "drop"?'],
  [{ columns: [sampler("a", "uniform", { low: 0, high: 1, hgih: 1 })] }, "unknown_field", "E", "a", "params", '"high"'],
  [{ columns: [sampler("a", "uniform", { low: 0 })] }, "missing_field", "E", "a", "params.high", "a number"],
  [{ columns: [sampler("a", "uniform", { low: "0", high: 1 })] }, "invalid_value", "E", "a", "params.low", 'not "0"'],
  [{ columns: [sampler("a", "bernoulli", { p: 1.5 })] }, "invalid_value", "E", "a", "params.p", "at most 1", "1.5"],
  [{ columns: [sampler("a", "category", { values: [] })] }, "invalid_value", "E", "a", "at least 1 entries"],
  [{ columns: [sampler("a", "category", { values: [true] })] }, "invalid_value", "E", "a", "values[0]", "as text"],
  [
    { columns: [sampler("a", "datetime", { start: "2024", end: "2025", unit: "d" })] },
    "invalid_value",
    "E",
    "a",
    '"D"',
  ],
  [{ columns: [sampler("a", "person", { age_range: [50, 20] })] }, "invalid_value", "E", "a", "[youngest, oldest]"],
  [{ columns: [expression("a", "  ")] }, "invalid_value", "E", "a", "must not be blank"],
  [{ columns: [a, expression("b", "{{ a }}", { dtype: "integer" })] }, "invalid_value", "E", "b", '"int"'],
  [{ columns: [a, code("b", "pyhton")] }, "invalid_value", "E", "b", '"python"'],
  [{ columns: [a, code("b", "go"), validator(["b"], "go")] }, "invalid_value", "E", "check", "python and the sql"],
  [{ columns: [a], constraints: [limit("a", "<", 3)] }, "invalid_value", "E", "a", "constraints[0]", "lt, le, gt, ge"],
  [{ columns: [a], seed_config: { source: { seed_type: "csv" } } }, "invalid_value", "E", null, "seed_config", "local"],
  [
    { columns: [a], seed_config: { ...seed, selection_strategy: { start: 5, end: 2 } } },
    "invalid_value",
    "E",
    null,
    "start must not be greater",
  ],
  [
    { columns: [a], model_configs: [model("m", { temperature: 3 })] },
    "invalid_value",
    "E",
    null,
    "model_configs[0]",
    "between 0 and 2",
  ],
  [
    {
      columns: [a],
      model_configs: [model("m", { top_p: { distribution_type: "uniform", params: { low: "a", high: 1 } } })],
    },
    "invalid_value",
    "E",
    null,
    "top_p.params.low",
    "a number",
  ],
  [
    { columns: [a, expression("b", "{{ a }}", { dtype: "int", skip: { when: "{{ a > 1 }}", value: "x" } })] },
    "invalid_value",
    "E",
    "b",
    "skip.value",
    "int",
  ],

  // Kinds.
  [
    { columns: [a, { column_type: "image", name: "i", prompt: "{{ a }}", model_alias: "nvidia-vision" }] },
    "unsupported_column",
    "E",
    "i",
    "image model",
  ],
  [
    { columns: [a, { column_type: "custom", name: "i", generator_function: "make" }] },
    "unsupported_column",
    "E",
    "i",
    "Python function",
    "make",
  ],
  [
    {
      columns: [
        a,
        {
          column_type: "validation",
          name: "v",
          target_columns: ["a"],
          validator_type: "local_callable",
          validator_params: { validation_function: "f" },
        },
      ],
    },
    "local_only_column",
    "E",
    "v",
    "code or remote",
  ],
  [{ columns: [a, { column_type: "seed-dataset", name: "b" }] }, "invalid_column", "E", "b", "seed_config"],

  // Names.
  [{ columns: [a, a] }, "duplicate_name", "E", "a", "columns[0] and columns[1]"],
  [{ columns: [uniform("order date")] }, "invalid_name", "W", "order date", "templates cannot refer"],
  [{ columns: [uniform(" a")] }, "invalid_name", "E", " a", "space"],
  [{ columns: [uniform("_internal_row_id")] }, "invalid_name", "E", "_internal_row_id", "reserved"],
  [{ columns: [uniform("__proto__")] }, "invalid_name", "E", "__proto__", "reserved"],
  [
    { columns: [a, text("b", "{{ a }}", { with_trace: "all_messages" }), uniform("b__trace")] },
    "side_effect_collision",
    "E",
    "b__trace",
    '"b"',
  ],

  // References.
  [
    { columns: [uniform("price"), expression("b", "{{ prcie }}")] },
    "expression_reference_missing",
    "E",
    "b",
    '"price"',
  ],
  [{ columns: [a, expression("b", "{{ q }}")] }, "expression_reference_missing", "E", "b", "The columns are a, b."],
  [{ columns: [a, text("b", "{{ topic }} {{ a }}")] }, "invalid_reference", "E", "b", "its prompt", '"topic"'],
  [
    { columns: [a, text("b", "{{ a }}", { system_prompt: "{{ role }}" })] },
    "invalid_reference",
    "E",
    "b",
    "system_prompt",
  ],
  [
    { columns: [a, text("b", "x", { multi_modal_context: [{ column_name: "img" }] })] },
    "invalid_reference",
    "E",
    "b",
    "multi_modal_context",
  ],
  [
    { columns: [a, { column_type: "embedding", name: "b", target_column: "t", model_alias: "nvidia-embedding" }] },
    "invalid_reference",
    "E",
    "b",
    "target_column",
  ],
  [{ columns: [a, text("b", "Write a poem")] }, "prompt_without_references", "W", "b", "same prompt"],
  [{ columns: [a, text("b", "{a} and {{ a }}")] }, "f_string_syntax", "W", "b", "{a}", "{{ a }}"],
  [{ columns: [a, text("b", "{{ a ")] }, "template_syntax", "E", "b", "its prompt", "line 1"],
  [
    { columns: [a, uniform("b", 0, 1, { conditional_params: { "a >": { low: 0, high: 1 } } })] },
    "template_syntax",
    "E",
    "b",
  ],
  [
    { columns: [a, expression("b", "{{ a }}", { skip: { when: "{{ z }}" } })] },
    "skip_reference_missing",
    "E",
    "b",
    '"z"',
  ],
  [{ columns: [a, expression("b", "{{ a }}", { skip: { when: "a > 1" } })] }, "invalid_value", "E", "b", "braces"],
  [{ columns: [a, uniform("b", 0, 1, { skip: { when: "{{ a }}" } })] }, "skip_on_sampler_seed", "E", "b"],
  [
    { columns: [a, uniform("b", 0, 1, { conditional_params: { "z > 1": { low: 0, high: 1 } } })] },
    "condition_reference_missing",
    "E",
    "b",
    '"z"',
  ],
  [
    {
      columns: [a, expression("e", "{{ a }}"), uniform("b", 0, 1, { conditional_params: { e: { low: 0, high: 1 } } })],
    },
    "condition_reference_missing",
    "E",
    "b",
    "not a sampler",
  ],
  [{ columns: [a, expression("b", "{{ c }}"), expression("c", "{{ b }}")] }, "cycle", "E", "b", "b → c → b"],
  [{ columns: [a, expression("b", "{{ b }}")] }, "cycle", "E", "b", "b → b"],
  [{ columns: [a, expression("b", "{{ a }}", { skip: { when: "{{ b }}" } })] }, "cycle", "E", "b", "skip.when"],
  [
    { columns: [a, uniform("b")], constraints: [limit("a", "lt", "b"), limit("b", "lt", "a")] },
    "cycle",
    "E",
    "a",
    "constraint a < b",
  ],

  // Samplers.
  [
    { columns: [sampler("a", "category", { values: ["x", "y"], weights: [1] })] },
    "invalid_weights",
    "E",
    "a",
    "1 entries",
  ],
  [
    { columns: [sampler("a", "category", { values: ["x"], weights: [0] })] },
    "invalid_weights",
    "E",
    "a",
    "more than 0",
  ],
  [
    { columns: [sampler("a", "category", { values: ["x", "y"], weights: [2, -1] })] },
    "invalid_weights",
    "E",
    "a",
    "-1",
  ],
  [{ columns: [uniform("a", 5, 1)] }, "invalid_range", "E", "a", "low (5)", "high (1)"],
  [{ columns: [sampler("a", "gaussian", { mean: 0, stddev: -1 })] }, "invalid_range", "E", "a", "stddev"],
  [{ columns: [datetime("a", "2025-01-01", "2024-01-01")] }, "invalid_range", "E", "a", "before end"],
  [{ columns: [datetime("a", "yesterday", "2024-01-01")] }, "invalid_range", "E", "a", '"yesterday"', "2024-01-31"],
  [{ columns: [datetime("a"), timedelta("b", "a", 5, 5)] }, "invalid_range", "E", "b", "dt_min (5)"],
  [{ columns: [datetime("a"), timedelta("b", "a", 0, 1e9)] }, "invalid_range", "E", "b", "years 1 to 9999"],
  [{ columns: [sampler("a", "poisson", { mean: 1e300 })] }, "invalid_distribution_params", "E", "a", "below 1e15"],
  [{ columns: [sampler("a", "gaussian", { mean: 1e308, stddev: 1e308 })] }, "invalid_range", "E", "a", "too large"],
  [{ columns: [uniform("a", -1e308, 1e308)] }, "invalid_range", "E", "a", "too large"],
  [{ columns: [datetime("a"), timedelta("b", "z")] }, "timedelta_reference", "E", "b", '"z"'],
  [{ columns: [a, timedelta("b", "a")] }, "timedelta_reference", "E", "b", "uniform sampler"],
  [{ columns: [category("c", ["x", "y"]), sub({ x: ["1"] })] }, "subcategory_keys", "E", "s", '"y"', "no list"],
  [{ columns: [category("c", ["x"]), sub({ x: ["1"], z: ["2"] })] }, "subcategory_keys", "E", "s", 'never "z"'],
  [{ columns: [category("c", ["x"]), sub({ x: [] })] }, "subcategory_keys", "E", "s", 'list of "x" is empty'],
  [
    {
      columns: [a, category("c", ["x"], { conditional_params: { "a > 1": { values: ["w"] } } }), sub({ x: ["1"] })],
    },
    "subcategory_keys",
    "E",
    "s",
    '"w"',
  ],
  [{ columns: [uniform("c"), sub({ x: ["1"] })] }, "subcategory_parent", "E", "s", "uniform sampler"],
  [{ columns: [a, sub({ x: ["1"] })] }, "subcategory_parent", "E", "s", '"c"', "does not exist"],
  [{ columns: [dist("skewnorm", { a: 1 })] }, "unsupported_distribution", "E", "a", "skewnorm", "lognorm"],
  [{ columns: [dist("gamma", { a: 1, alpha: 1 })] }, "invalid_distribution_params", "E", "a", '"alpha"'],
  [{ columns: [dist("gamma", {})] }, "invalid_distribution_params", "E", "a", 'needs the parameter "a"'],
  [{ columns: [dist("norm", { scale: -1 })] }, "invalid_distribution_params", "E", "a", "scale"],
  [
    { columns: [sampler("a", "person_from_faker", { locale: "xx_YY" })] },
    "unknown_locale",
    "W",
    "a",
    '"en_US" instead',
  ],
  [{ columns: [sampler("a", "person_from_faker", { locale: "lt_LT" })] }, "unknown_locale", "W", "a", '"lv" instead'],
  [{ columns: [sampler("a", "person", { locale: "xx" })] }, "unknown_locale", "E", "a", "person_from_faker"],
  [{ columns: [uniform("a", 0, 1, { convert_to: "integer" })] }, "invalid_convert_to", "E", "a", "int, float, str"],
  [{ columns: [{ ...datetime("a"), convert_to: "int" }] }, "invalid_convert_to", "E", "a", "strftime"],
  [{ columns: [category("a", ["x"], { convert_to: "int" })] }, "invalid_convert_to", "E", "a", '"x"'],
  [{ columns: [sampler("a", "uuid", {}, { convert_to: "str" })] }, "invalid_convert_to", "W", "a", "no effect"],

  // Constraints.
  [
    { columns: [a], constraints: [limit("aa", "lt", 3)] },
    "constraint_reference_missing",
    "E",
    "aa",
    'Did you mean "a"?',
  ],
  [{ columns: [a], constraints: [limit("a", "lt", "zz")] }, "constraint_reference_missing", "E", "a", '"zz"'],
  [
    { columns: [a, expression("e", "{{ a }}")], constraints: [limit("e", "lt", 3)] },
    "constraint_reference_missing",
    "E",
    "e",
    "expression column",
  ],
  [{ columns: [category("a", ["x"])], constraints: [limit("a", "lt", 3)] }, "constraint_not_comparable", "E", "a"],
  [{ columns: [datetime("a")], constraints: [limit("a", "lt", 3)] }, "constraint_not_comparable", "E", "a", "times"],
  [{ columns: [a, datetime("b")], constraints: [limit("a", "lt", "b")] }, "constraint_not_comparable", "E", "a"],
  [{ columns: [a], constraints: [limit("a", "gt", 10)] }, "constraint_impossible", "E", "a", "a > 10", "0 to 10"],
  [
    { columns: [a], constraints: [limit("a", "lt", 3), limit("a", "gt", 4)] },
    "constraint_impossible",
    "E",
    "a",
    "a > 4",
  ],
  [
    { columns: [a, uniform("b", 20, 30)], constraints: [limit("a", "gt", "b")] },
    "constraint_impossible",
    "E",
    "a",
    '"b" is 20 to 30',
  ],
  [
    { columns: [a, uniform("b", 5, 30)], constraints: [limit("a", "gt", "b")] },
    "constraint_impossible",
    "W",
    "a",
    "10 and more",
  ],
  [
    { columns: [datetime("a"), timedelta("b", "a")], constraints: [limit("b", "lt", "a")] },
    "constraint_impossible",
    "E",
    "b",
    "never before",
  ],

  [
    {
      columns: [a, uniform("b", 0, 1, { conditional_params: { "a > 5": { low: 5, high: 6 } } })],
      constraints: [limit("b", "lt", 3)],
    },
    "constraint_impossible",
    "W",
    "b",
    'the parameters for "a > 5" give 5 to 6',
  ],
  [
    { columns: [datetime("a"), datetime("b", "2023-01-01", "2023-02-01")], constraints: [limit("b", "gt", "a")] },
    "constraint_impossible",
    "E",
    "b",
    "2023-01-01T00:00:00 to 2023-02-01",
  ],

  // Models and tools.
  [
    { columns: [a, text("b", "{{ a }}", { model_alias: "m" })] },
    "invalid_model_config",
    "W",
    "b",
    "offline text model",
  ],
  [
    { columns: [a, text("b", "{{ a }}", { model_alias: "writr" })], model_configs: [model("writer")] },
    "invalid_model_config",
    "E",
    "b",
    'Did you mean "writer"?',
  ],
  [{ columns: [a], model_configs: [model("m"), model("m")] }, "invalid_model_config", "E", null, "twice"],
  [
    { columns: [a, text("b", "{{ a }}", { model_alias: "m" })], model_configs: [model("m", { dimensions: 3 })] },
    "invalid_model_config",
    "E",
    "b",
    "embedding",
  ],
  [{ columns: [a, text("b", "{{ a }}", { tool_alias: "t" })] }, "invalid_model_config", "E", "b", "tool_configs"],

  // Outputs.
  [{ columns: [a, validator(["z"])] }, "code_column_missing", "E", "check", '"z"'],
  [{ columns: [a, text("b", "{{ a }}"), validator(["b"])] }, "code_column_not_code", "W", "check", "llm-text"],
  [{ columns: [a, code("b", "sql:ansi"), validator(["b"])] }, "code_lang_mismatch", "E", "check", "sql:ansi", "python"],
  [{ columns: [{ ...a, drop: true }] }, "all_columns_dropped", "E", null],
  [
    { columns: [a], processors: [{ processor_type: "drop_columns", name: "d", column_names: ["z*"] }] },
    "invalid_column",
    "W",
    null,
    "z*",
  ],
  [
    { columns: [a], processors: [{ processor_type: "drop_columns", name: "d", column_names: ["z"] }] },
    "invalid_column",
    "E",
    "z",
    "does not exist",
  ],
  [
    { columns: [a], processors: [{ processor_type: "schema_transform", name: "t", template: { x: ["{{ z }}"] } }] },
    "invalid_reference",
    "E",
    null,
    '"t"',
    '"z"',
  ],
];

describe("a violation", () => {
  it.each(ROWS.map((row, index) => [index, row[1], row[3], row] as const))(
    "%i: %s on %s says what would be right",
    (_index, _type, _column, [design, type, level, column, ...words]) => {
      const { violations, design: usable } = readDesign(design);
      const found = violations.find((violation) => violation.type === type && violation.column === column);
      expect(violations.map((violation) => `${violation.type}: ${violation.message}`)).toContainEqual(
        expect.stringContaining(`${type}: `),
      );
      expect(found?.level).toBe(level === "E" ? "error" : "warning");
      for (const word of words) expect(found?.message).toContain(word);
      expect(usable === undefined).toBe(violations.some((violation) => violation.level === "error"));
      // Nothing else is said: one problem, one violation.
      expect(violations).toHaveLength(1);
    },
  );

  it("names every problem at once, also those of parts that can be read beside those that cannot", () => {
    const { violations } = readDesign({
      columns: [uniform("a", 5, 1), sampler("b", "uniform", { low: "x" }), expression("c", "{{ b }} {{ nope }}")],
      constraints: [limit("zz", "lt", 1)],
      colour: 1,
    });
    expect(violations.map(({ type, column }) => `${type} ${column}`)).toEqual([
      "unknown_field null",
      "invalid_value b",
      "missing_field b",
      "expression_reference_missing c",
      "invalid_range a",
      "constraint_reference_missing zz",
    ]);
  });

  it("takes a name that may be in the seed dataset for a warning until its columns are known", () => {
    const design = { columns: [expression("b", "{{ city }}")], seed_config: seed };
    expect(readDesign(design).violations).toMatchObject([{ type: "expression_reference_missing", level: "warning" }]);
    expect(readDesign(design, { seedColumns: ["city"] }).violations).toEqual([]);
    expect(readDesign(design, { seedColumns: ["town"] }).violations).toMatchObject([{ level: "error", column: "b" }]);
    const collision = readDesign({ columns: [a], seed_config: seed }, { seedColumns: ["a"] });
    expect(collision.violations).toMatchObject([{ type: "seed_column_collision", level: "error", column: "a" }]);
  });
});
