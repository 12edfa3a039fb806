import { describe, expect, it } from "vitest";

import { type JsonSchema, checkSchema } from "../../../../engine/data/llm/json-schema.ts";
import type { JsonValue } from "../../../../engine/data/table.ts";

const node: JsonSchema = {
  $defs: {
    Node: {
      type: "object",
      properties: { v: { type: "integer" }, next: { anyOf: [{ $ref: "#/$defs/Node" }, { type: "null" }] } },
      required: ["v"],
    },
  },
  $ref: "#/$defs/Node",
};
const shape: JsonSchema = {
  oneOf: [
    {
      type: "object",
      properties: { kind: { const: "circle" }, radius: { type: "number" } },
      required: ["kind", "radius"],
    },
    { type: "object", properties: { kind: { const: "square" }, side: { type: "number" } }, required: ["kind", "side"] },
  ],
};
const both: JsonSchema = {
  allOf: [
    { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
    { type: "object", properties: { b: { type: "integer" } }, required: ["b"] },
  ],
};

describe("a JSON Schema", () => {
  it.each<[what: string, schema: JsonSchema, value: JsonValue, expected: JsonValue]>([
    ["keeps what it lists and drops the rest", { properties: { a: {} } }, { a: 1, b: 2 }, { a: 1 }],
    [
      "keeps the rest where it says so",
      { properties: { a: {} }, additionalProperties: true },
      { a: 1, b: 2 },
      { a: 1, b: 2 },
    ],
    ["checks the rest by its own schema", { additionalProperties: { type: "integer" } }, { a: "1" }, { a: 1 }],
    ["without properties keeps all", { type: "object" }, { a: 1 }, { a: 1 }],
    ["prunes inside lists", { items: { properties: { a: {} } } }, [{ a: 1, b: 2 }], [{ a: 1 }]],
    [
      "follows references into itself",
      node,
      { v: 1, next: { v: 2, next: null, x: 0 } },
      { v: 1, next: { v: 2, next: null } },
    ],
    ["prunes by the alternative that fits", shape, { kind: "square", side: 2, radius: 1 }, { kind: "square", side: 2 }],
    ["joins the properties of allOf", both, { a: 1, b: 2, c: 3 }, { a: 1, b: 2 }],
    [
      "takes properties by pattern",
      { properties: { a: {} }, patternProperties: { "^x_": {} } },
      { a: 1, x_b: 2, c: 3 },
      { a: 1, x_b: 2 },
    ],
    ["reads null where it is allowed", { type: ["integer", "null"] }, "null", null],
    ["leaves text that looks like a number where text is wanted", { type: ["string", "integer"] }, "12", "12"],
    ["holds formats", { format: "date" }, "2024-02-29", "2024-02-29"],
    ["holds tuples", { prefixItems: [{ type: "integer" }], items: { type: "string" } }, [1, "a"], [1, "a"]],
  ])("%s", (_what, schema, value, expected) => {
    const checked = checkSchema(schema, value);
    expect(checked.problems).toEqual([]);
    expect(checked.value).toEqual(expected);
  });

  it.each<[schema: JsonSchema, value: JsonValue, problem: string]>([
    [{ minLength: 3 }, "ab", "$ must have at least 3 characters, not 2"],
    [{ pattern: "^a+$" }, "b", "$ must match ^a+$"],
    [{ pattern: "^(a+)+$" }, "aaaa", "$ cannot be checked: the pattern ^(a+)+$ is not supported"],
    [{ pattern: "^((a)+)+$" }, "aaaa", "$ cannot be checked: the pattern ^((a)+)+$ is not supported"],
    [{ format: "email" }, "nobody", '$ must be a email, not "nobody"'],
    [{ exclusiveMinimum: 5 }, 5, "$ must be above 5, not 5"],
    [{ multipleOf: 0.1 }, 0.25, "$ must be a multiple of 0.1"],
    [
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      "$ must not repeat items",
    ],
    [{ minItems: 2 }, [1], "$ must have at least 2 items, not 1"],
    [{ not: { type: "string" } }, "x", "$ is what the schema's `not` excludes"],
    [shape, { kind: "circle" }, "$ fits none of the 2 alternatives of oneOf"],
    [{ oneOf: [{ type: "integer" }, { minimum: 2 }] }, 3, "$ fits more than one alternative of oneOf"],
    [{ items: { properties: { a: { type: "integer" } } } }, [{ a: "x" }], "$[0].a must be integer, not string"],
    [{ $ref: "#/$defs/None" }, 1, "$ cannot be checked: the schema has no #/$defs/None"],
    [{ properties: { a: false } }, { a: 1 }, "$.a is not allowed here"],
  ])("%j refuses %j", (schema, value, problem) => {
    expect(checkSchema(schema, value).problems.map(({ path, message }) => `${path} ${message}`)).toContain(problem);
  });

  it("that refers to itself without end is refused, not followed for ever", () => {
    const checked = checkSchema({ $defs: { A: { $ref: "#/$defs/A" } }, $ref: "#/$defs/A" }, 1);
    expect(checked.problems[0]?.message).toMatch(/levels deep/);
  });
});
