import { describe, expect, it } from "vitest";
import {
  compileCondition,
  compileSkip,
  compileTemplate,
  type TemplateRecord,
} from "../../../../engine/data/template/template.ts";

const render = (source: string, record: Parameters<ReturnType<typeof compileTemplate>["render"]>[0]): string =>
  compileTemplate(source).render(record);

describe("cells that are JSON text", () => {
  it("are parsed, so that their fields can be reached", () => {
    expect(render("{{ r.scores[0].name }}", { r: '{"scores": [{"name": "good"}]}' })).toBe("good");
    expect(render("{{ r }}", { r: ' [1, "a", null, true, 3.0, 1e2]\n' })).toBe("[1, 'a', None, True, 3.0, 100.0]");
    expect(render("{{ r.inner.x }}", { r: { inner: '{"x": 5}' } })).toBe("5");
  });

  it("are numbers, truth values and None where the text says so", () => {
    expect(render("{{ n + 1 }} {{ f * 2 }} {{ t }} {{ z }}", { n: "41", f: "2.5", t: "true", z: "null" })).toBe(
      "42 5.0 True None",
    );
  });

  it.each([
    "007",
    "1.50",
    "1e5",
    "+1",
    "1_000",
    "NaN",
    "-0",
    "{broken",
    "[1,]",
    "12345678901234567890",
    "",
    " 5 ",
    "tru",
  ])("stay text where a number would lose their form: %s", (text) => {
    expect(render("<{{ x }}>{{ x is string }}", { x: text })).toBe(`<${text}>True`);
  });

  it("equal the text they are written as", () => {
    const record = { zip: "90210", flag: "true", code: "x" };
    expect(compileCondition("zip == '90210'")(record)).toBe(true);
    expect(compileCondition("zip == 90210")(record)).toBe(true);
    expect(compileCondition("zip != '90210'")(record)).toBe(false);
    expect(compileCondition("flag in ['true', 'x']")(record)).toBe(true);
    expect(compileCondition("code not in ('x', 'y')")(record)).toBe(false);
  });
});

describe("types of columns", () => {
  it("tell 3.0 from 3", () => {
    const template = compileTemplate("{{ a }} {{ b }} {{ a is float }}", { columnTypes: { a: "float", b: "int" } });
    expect(template.render({ a: 3, b: 3 })).toBe("3.0 3 True");
  });
});

describe("jsonpath", () => {
  const record: TemplateRecord = {
    r: {
      a: { foo: [1, 2, 3] },
      d: [
        { type: "foo", name: "cat" },
        { type: "bar", name: "dog" },
        { type: "bar", n: 5 },
      ],
      "x y": 1,
    },
  };

  it.each([
    ["$.a.foo[:2]", "[1, 2]"],
    ["$.d[?(@.type=='bar')].name", "['dog']"],
    ["$.d[?@.n > 4].type", "['bar']"],
    ["$.d[*].type", "['foo', 'bar', 'bar']"],
    ["$..name", "['cat', 'dog']"],
    ["$.a.foo[-1]", "[3]"],
    ["$.a.foo[0,2]", "[1, 3]"],
    ["$['x y']", "[1]"],
    ["$.nope", "[]"],
    ["$.a.constructor", "[]"],
    ["$.a.__proto__", "[]"],
  ])("%s finds %s", (path, found) => {
    expect(render(`{{ r | jsonpath("${path}") }}`, record)).toBe(found);
  });

  it.each(["a", "$.", "$[", "$[?(@.a == )]", "$.a[?(1)]", "$x"])("refuses %s with its column", (path) => {
    expect(() => render(`{{ r | jsonpath("${path}") }}`, record)).toThrow(/jsonpath `.*`, column \d+/);
  });

  it("needs structured data", () => {
    expect(() => render("{{ r | jsonpath('$.a') }}", { r: "text" })).toThrow(
      "jsonpath needs an object or a list, not str",
    );
  });
});

describe("the filter random", () => {
  const template = compileTemplate("{{ ['a', 'b', 'c', 'd'] | random }}{{ ['a', 'b', 'c', 'd'] | random }}");

  it("draws from the numbers that are passed", () => {
    const numbers = [0.99, 0.26];
    expect(template.render({}, () => numbers.shift() ?? 0)).toBe("db");
  });

  it("gives equal texts for equal records otherwise, and varies over records", () => {
    const texts = Array.from({ length: 40 }, (_, row) => template.render({ row }));
    expect(texts).toEqual(Array.from({ length: 40 }, (_, row) => template.render({ row })));
    expect(new Set(texts).size).toBeGreaterThan(8);
  });
});

describe("a condition", () => {
  it.each([
    ["age > 21", true],
    ["age > 21 and country == 'NO'", true],
    ["country in ['SE', 'DK']", false],
    ["20 < age < 40", true],
    ["age", false],
    ["'True'", true],
    ["1 == 1.0", true],
    ["nickname", false],
    ["nickname is defined", false],
    ["tags", false],
  ])("%s is %s", (source, holds) => {
    expect(compileCondition(source)({ age: 33, country: "NO", tags: ["a"] })).toBe(holds);
  });

  it("is refused with braces, as a statement or with a rest", () => {
    expect(() => compileCondition("{{ age > 21 }}")).toThrow("a condition is written without braces");
    expect(() => compileCondition("age > 21 }} x {{ 1")).toThrow("a condition must be one expression");
    expect(() => compileCondition("age >")).toThrow("expected a value");
  });

  it("throws what Python would raise", () => {
    expect(() => compileCondition("name > 3")({ name: "x" })).toThrow(
      "'>' not supported between instances of 'str' and 'int'",
    );
  });
});

describe("skip.when", () => {
  it.each([
    ["{{ age < 18 }}", {}, true],
    ["{{ age < 18 }}", { age: 17 }, true],
    ["{{ age < 18 }}", { age: 18 }, false],
    ["{{ name }}", { name: "" }, false],
    ["{{ name }}", { name: "x" }, true],
    ["{{ tags }}", { tags: [] }, false],
    ["{{ name > 3 }}", { name: "x" }, true],
    ["{% if n > 3 %}True{% else %}False{% endif %}", { n: 3 }, false],
    ["{% if n > 3 %}True{% else %}False{% endif %}", { n: 4 }, true],
  ])("%s of %o skips: %s", (source, record, isSkipped) => {
    expect(compileSkip(source)(record)).toBe(isSkipped);
  });

  it("must use a column", () => {
    expect(() => compileSkip("{{ 1 > 2 }}")).toThrow("`skip.when` must use at least one column");
  });
});

describe("numbers at the edges, as CPython gives them", () => {
  it.each([
    ["{{ 5493505573798980.0 // -0.7 }}", "-7847865105427114.0"],
    ["{{ -9.725668660121525e+16 // 7 }}", "-1.389381237160218e+16"],
    ["{{ -9.565150190321546e+16 | round(-1) }}", "-9.565150190321546e+16"],
    ["{{ -10.677 | round(-2) }} {{ 150.0 | round(-2) }} {{ 250.0 | round(-2) }}", "-0.0 200.0 200.0"],
    ["{{ (1 == 1) | round }}", "1"],
    ["{{ xs[nothing_there] is defined }}", "False"],
  ])("%s is %s", (source, output) => {
    expect(render(source, { xs: [1] })).toBe(output);
  });
});
