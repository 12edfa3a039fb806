import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { COLUMN_SCHEMAS } from "../../../../engine/data/design/design.ts";
import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { planColumns } from "../../../../engine/data/design/plan.ts";
import { SAMPLER_PARAMS } from "../../../../engine/data/design/sampler-params.ts";
import { readDesign, validateDesign } from "../../../../engine/data/design/validate.ts";
import { expression, limit, uniform } from "./build-design.ts";

const folder = path.resolve(import.meta.dirname, "../../../../seeds/designs");
const examples = readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file), "utf8")] as const);

describe("reading a design", () => {
  it.each(examples)("takes the example %s, which has no errors and reads back as it is written", (_file, text) => {
    const { design, violations } = readDesign(text);
    expect(violations.filter((violation) => violation.level === "error")).toEqual([]);
    expect(design).toBeDefined();
    expect(parseDesign(JSON.stringify(design)).design).toEqual(design);
    expect(parseDesign({ data_designer: design, library_version: "0.9.7" }).design).toEqual(design);
  });

  it("reads JSON, YAML and objects alike, bare or wrapped", () => {
    const config = { columns: [uniform("a")] };
    const bare = parseDesign(config).design;
    const yaml =
      "data_designer:\n  columns:\n    - {column_type: sampler, name: a, sampler_type: uniform, params: {low: 0, high: 10}}\n";
    expect(bare).toBeDefined();
    expect(parseDesign(JSON.stringify(config)).design).toEqual(bare);
    expect(parseDesign(JSON.stringify({ data_designer: config })).design).toEqual(bare);
    expect(parseDesign({ apiVersion: "nemops/v1", kind: "dataset_design", design: config }).design).toEqual(bare);
    expect(parseDesign(yaml).design).toEqual(bare);
  });

  it("fills in discriminators that old configs leave out", () => {
    const { design } = parseDesign({
      columns: [
        uniform("a", 0, 1, { conditional_params: { "b > 1": { low: 0, high: 1 } } }),
        uniform("b"),
        {
          column_type: "llm-text",
          name: "t",
          prompt: "{{ a }}",
          model_alias: "m",
          multi_modal_context: [{ column_name: "b", data_type: "url" }],
        },
      ],
      constraints: [limit("a", "lt", " 1e3 "), limit("a", "lt", "b"), limit("a", "ge", -5)],
      model_configs: [
        { alias: "m", model: "x" },
        { alias: "e", model: "x", inference_parameters: { dimensions: 3 } },
      ],
    });
    expect(design?.columns[0]).toMatchObject({ conditional_params: { "b > 1": { sampler_type: "uniform" } } });
    expect(design?.columns[2]).toMatchObject({ multi_modal_context: [{ modality: "image" }] });
    expect(design?.constraints).toMatchObject([
      { constraint_type: "scalar_inequality", rhs: 1000 },
      { constraint_type: "column_inequality", rhs: "b" },
      { constraint_type: "scalar_inequality", rhs: -5 },
    ]);
    expect(design?.model_configs?.map((model) => model.inference_parameters.generation_type)).toEqual([
      "chat-completion",
      "embedding",
    ]);
  });

  it.each([
    ["float", "2.5", 2.5],
    ["float", true, 1],
    ["int", 3.9, 3],
    ["int", "12", 12],
    ["str", true, "True"],
    ["str", 7, "7"],
    ["bool", "", false],
    ["bool", 2, true],
  ])("gives the value of skipped %s cells the column's type: %j is %j", (dtype, value, expected) => {
    const columns = [uniform("a"), expression("b", "{{ a }}", { dtype, skip: { when: "{{ a > 1 }}", value } })];
    expect(parseDesign({ columns }).design?.columns[1]?.skip?.value).toBe(expected);
  });

  it.each([
    ["", "it is empty"],
    ["just words", "must be an object"],
    ["[1, 2]", "must be an object"],
    ['{"columns": [', "line 1"],
    ["columns:\n  - {name: a\n  - b: ]", "line"],
    ["a: 1\na: 2", "unique"],
    [`columns: ${"[".repeat(5000)}`, "cannot be read"],
    [JSON.stringify({ columns: [] }).padEnd(8_000_001), "at most 8000000"],
    [null, "must be an object"],
    [42, "must be an object"],
  ])("says why %j is no design", (input, words) => {
    const { design, violations } = parseDesign(input);
    expect(design).toBeUndefined();
    expect(violations).toMatchObject([{ type: "unreadable_design", level: "error", column: null }]);
    expect(violations[0]?.message).toContain(words);
  });

  it("refuses bombs of nesting, of aliases and of circles", () => {
    const nest = (depth: number): unknown => (depth === 0 ? 1 : { x: nest(depth - 1) });
    const aliases = ["a0: &a0 [1, 1]"];
    for (let level = 1; level < 40; level += 1) {
      aliases.push(`a${level}: &a${level} [*a${level - 1}, *a${level - 1}, *a${level - 1}]`);
    }
    const circle: Record<string, unknown> = {};
    circle["columns"] = circle;
    for (const input of [nest(100), aliases.join("\n"), circle]) {
      expect(parseDesign(input).violations[0]?.type).toBe("unreadable_design");
    }
  });
});

describe("arbitrary input", () => {
  const words = fc.constantFrom(
    ...Object.keys(COLUMN_SCHEMAS),
    ...Object.keys(SAMPLER_PARAMS),
    "a",
    "b",
    "{{ a }}",
    "{{ b",
    "__proto__",
    "constructor",
    "lt",
    "gamma",
  );
  const keys = fc.constantFrom(
    "name",
    "column_type",
    "sampler_type",
    "params",
    "conditional_params",
    "values",
    "weights",
    "low",
    "high",
    "category",
    "start",
    "end",
    "expr",
    "prompt",
    "model_alias",
    "skip",
    "when",
    "value",
    "target_column",
    "operator",
    "rhs",
    "dist_name",
    "dist_params",
    "__proto__",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      words,
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.string(),
      fc.array(tie("value"), { maxLength: 4 }),
      tie("object"),
    ),
    object: fc.array(fc.tuple(keys, tie("value")), { maxLength: 8 }).map((pairs) => Object.fromEntries(pairs)),
  }));

  it("never throws: any JSON as a design", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (input) => {
        expect(Array.isArray(readDesign(input).violations)).toBe(true);
        expect(Array.isArray(readDesign(JSON.stringify(input)).violations)).toBe(true);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("never throws: designs of plausible parts, whose usable ones read back and order every column once", () => {
    const parts = fc.array(value, { maxLength: 5 });
    const design = fc.record(
      { columns: parts, constraints: parts, model_configs: parts, processors: parts, seed_config: value },
      { requiredKeys: ["columns"] },
    );
    fc.assert(
      fc.property(design, (input) => {
        const parsed = parseDesign(input);
        expect(parsed.design === undefined).toBe(parsed.violations.length > 0);
        if (parsed.design === undefined) return;
        validateDesign(parsed.design);
        expect(parseDesign(JSON.stringify(parsed.design)).design).toEqual(parsed.design);
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  it("never throws: well-formed columns with any names, references and limits", () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e", "f__trace", "nope");
    const number = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
    const label = fc.constantFrom("x", "y", 1, 2.5);
    const column = fc.oneof(
      fc.record({ low: number, high: number }).map((params) => ["uniform", params] as const),
      fc.record({ mean: number, stddev: number }).map((params) => ["gaussian", params] as const),
      fc.array(label, { minLength: 1 }).map((values) => ["category", { values }] as const),
      fc
        .record({ category: name, values: fc.dictionary(fc.constantFrom("x", "1"), fc.array(label)) })
        .map((params) => ["subcategory", params] as const),
      fc
        .record({ dt_min: fc.nat(3), dt_max: fc.integer({ min: 1, max: 4 }), reference_column_name: name })
        .map((params) => ["timedelta", params] as const),
      fc
        .record({ start: fc.string({ minLength: 1 }), end: fc.constant("2024") })
        .map((params) => ["datetime", params] as const),
      fc
        .record({
          dist_name: fc.constantFrom("gamma", "randint", "toString"),
          dist_params: fc.dictionary(name, number),
        })
        .map((params) => ["scipy", params] as const),
      fc.constant(["uuid", {}] as const),
    );
    const samplers = fc.array(fc.tuple(name, column, fc.option(name)), { maxLength: 5 }).map((rows) =>
      rows.map(([own, [type, params], condition]) => ({
        column_type: "sampler",
        name: own,
        sampler_type: type,
        params,
        conditional_params: condition === null ? {} : { [`${condition} > 1`]: params },
      })),
    );
    const constraints = fc.array(
      fc.record({
        target_column: name,
        operator: fc.constantFrom("lt", "le", "gt", "ge"),
        rhs: fc.oneof(name, number),
      }),
      { maxLength: 4 },
    );
    const others = fc.array(
      fc.tuple(name, name).map(([own, to]) => expression(own, `{{ ${to} }}`)),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(samplers, others, constraints, (drawn, expressions, limits) => {
        const { design, violations } = parseDesign({ columns: [...drawn, ...expressions], constraints: limits });
        expect(violations).toEqual([]);
        if (design === undefined) throw new Error("the columns are well formed");
        for (const violation of validateDesign(design)) expect(violation.message).not.toMatch(/undefined|NaN|\[object/);
        // JSON has no negative zero, so texts are compared.
        const text = JSON.stringify(design);
        expect(JSON.stringify(parseDesign(text).design)).toBe(text);
      }),
      { numRuns: 400, seed: 4 },
    );
  });

  it("orders each column after what it needs, whatever refers to what", () => {
    const columns = fc
      .array(fc.array(fc.nat(14), { maxLength: 4 }), { minLength: 1, maxLength: 15 })
      .map((rows) => [
        uniform("seedling"),
        ...rows.map((row, index) => expression(`e${index}`, `x${row.map((to) => `{{ e${to} }}`).join("")}`)),
      ]);
    fc.assert(
      fc.property(columns, (list) => {
        const { design } = parseDesign({ columns: list });
        if (design === undefined) throw new Error("the columns are well formed");
        const plan = planColumns(design);
        expect(plan.order.toSorted()).toEqual(design.columns.map((column) => column.name).toSorted());
        if (plan.violations.length > 0) return;
        const place = new Map(plan.order.map((name, index) => [name, index]));
        for (const [name, needs] of plan.upstream) {
          for (const need of needs) expect(place.get(need)).toBeLessThan(place.get(name) ?? -1);
        }
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});
