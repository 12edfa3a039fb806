import { describe, expect, it } from "vitest";
import { compileTemplate, parseTemplate } from "../../../../engine/data/template/template.ts";
import { ServiceError } from "../../../../lib/errors.ts";

function refusal(source: string, record = {}): string {
  try {
    return `accepted: ${compileTemplate(source).render(record)}`;
  } catch (error) {
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: "invalid_input" });
    return error instanceof Error ? error.message : "";
  }
}

describe("the sandbox", () => {
  it.each([
    "{{ ''.__class__.__mro__ }}",
    "{{ x.__proto__ }}",
    "{{ x['__proto__'] }}",
    "{{ __import__ }}",
    "{{ x.__init__.__globals__.os }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ x.constructor }}",
    "{{ x['constructor'] }}",
    "{{ x['con' ~ 'structor'] }}",
    "{{ ''.constructor.constructor('return 7*6')() }}",
    "{{ [].constructor }}",
    "{{ x.prototype }}",
    "{{ range.constructor('return process')() }}",
    "{{ range(3) }}",
    "{{ lipsum() }}",
    "{{ cycler.next() }}",
    "{{ x.toString() }}",
    "{{ x.hasOwnProperty('a') }}",
    "{{ xs.push(4) }}",
    "{{ xs.append(4) }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ '{x.a}'.format(x=x) }}",
    "{{ x | attr('a') }}",
    "{{ x | map('upper') }}",
    "{{ (x.keys)() }}",
    "{{ x.keys }}",
    "{{ name.upper }}",
    "{{ x.get(*xs) }}",
  ])("refuses %s", (source) => {
    expect(refusal(source, { x: { a: 1 }, xs: [1], name: "n" })).not.toMatch(/^accepted/);
  });

  it.each(["toString", "valueOf", "hasOwnProperty", "length", "at"])("finds nothing inherited under %s", (name) => {
    const record = { x: { a: 1 }, xs: [1] };
    expect(refusal(`{{ x.${name} is defined }}{{ x['${name}'] is defined }}`, record)).toBe("accepted: FalseFalse");
    expect(refusal(`{{ xs['${name}'] is defined }}`, record)).toBe("accepted: False");
    expect(refusal(`{{ ${name} is defined }}`, record)).toBe("accepted: False");
  });

  it("reads a column of the data that is called constructor", () => {
    expect(
      compileTemplate("{{ constructor }} {{ team.constructor }}").render({
        constructor: "A",
        team: { constructor: "B" },
      }),
    ).toBe("A B");
  });

  it("keeps an own key __proto__ of parsed JSON apart from the prototype", () => {
    expect(compileTemplate("{{ x | items }}").render({ x: '{"__proto__": {"y": 1}}' })).toBe(
      "[('__proto__', {'y': 1})]",
    );
    expect(compileTemplate("{{ x.y is defined }}").render({ x: '{"__proto__": {"y": 1}}' })).toBe("False");
  });

  it.each([
    ["{% set x = 1 %}", "set"],
    ["{% macro m() %}{% endmacro %}", "macro"],
    ["{% include 'a' %}", "include"],
    ["{% import 'a' as b %}", "import"],
    ["{% extends 'a' %}", "extends"],
    ["{% block b %}{% endblock %}", "block"],
    ["{% call x() %}{% endcall %}", "call"],
  ])("refuses the tag of %s by name", (source, tag) => {
    expect(refusal(source)).toContain(`the tag \`${tag}\` is not allowed; allowed are if, for and raw`);
  });

  it.each(["join", "default", "map", "select", "tojson", "format", "batch", "sum", "e", "safe"])(
    "refuses the filter %s and names those allowed",
    (name) => {
      const message = refusal(`{{ xs | ${name} }}`, { xs: [1] });
      expect(message).toContain(`line 1, column 9: the filter \`${name}\` is not allowed`);
      expect(message).toContain("abs, capitalize, escape, first, float, forceescape, int, items, jsonpath, last");
    },
  );

  it("refuses a loop in a loop and recursive loops", () => {
    expect(refusal("{% for x in xs %}{% if x %}{% for y in xs %}{% endfor %}{% endif %}{% endfor %}")).toContain(
      "`for` inside a `for`",
    );
    expect(refusal("{% for x in xs recursive %}{% endfor %}")).toContain("`recursive`");
  });
});

describe("the limits", () => {
  it("accepts ten levels and refuses eleven", () => {
    expect(parseTemplate("{{ a + b + c + d + e + f + g + h }}").depth).toBe(10);
    expect(refusal("{{ a + b + c + d + e + f + g + h + i }}")).toContain("nested deeper than 10 levels");
    expect(parseTemplate(`{{ ${Array.from({ length: 50 }, () => "a").join(" ~ ")} }}`).depth).toBe(4);
  });

  it("accepts 600 nodes and refuses 601", () => {
    expect(parseTemplate("{{ a }}".repeat(599)).nodeCount).toBe(600);
    expect(refusal("{{ a }}".repeat(600))).toContain("more than 600 parts");
  });

  it.each([
    ["brackets", `{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`],
    ["lists", `{{ ${"[".repeat(5000)}${"]".repeat(5000)} }}`],
    ["signs", `{{ ${"-".repeat(5000)}1 }}`],
    ["nots", `{{ ${"not ".repeat(5000)}1 }}`],
    ["ifs", "{% if a %}".repeat(5000)],
    ["filters", `{{ a${" | upper".repeat(5000)} }}`],
  ])("refuses thousands of nested %s without running out of stack", (_what, source) => {
    expect(refusal(source)).toMatch(/nested deeper|more than 600/);
  });

  it.each([
    "{{ 'x' * 10000000000 }}",
    "{{ ('x' * 500000) * 500000 }}",
    "{{ 'xx'.replace('', 'x' * 500000) }}",
    "{{ 'x'.center(999999999) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ [1] * 100000000 }}",
    "{{ big ~ big }}",
    "{% for x in xs %}{{ big }}{% endfor %}",
    "{% for x in big %}{{ big | reverse | length }}{% endfor %}",
    "{% for x in big %}{% if big in big %}{% endif %}{% endfor %}",
    "{% for x in many %}{{ many | sort | first }}{% endfor %}",
    "{{ deep }}",
  ])("stops %s", (source) => {
    let deep: readonly unknown[] = [];
    for (let level = 0; level < 5000; level++) deep = [deep];
    const record = {
      xs: [1, 2, 3],
      big: "x".repeat(400_000),
      many: Array.from({ length: 50_000 }, (_, at) => at),
      deep: deep as never,
    };
    expect(refusal(source, record)).not.toMatch(/^accepted/);
  });

  it("gives 512,000 characters and no more", () => {
    expect(compileTemplate("{{ x }}").render({ x: "a".repeat(512_000) })).toHaveLength(512_000);
    expect(refusal("{{ x }}", { x: "a".repeat(512_001) })).toContain("512001 characters; at most 512000");
  });
});
