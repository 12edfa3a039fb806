import { describe, expect, it } from "vitest";
import { compileTemplate, parseTemplate, templateVariables } from "../../../../engine/data/template/template.ts";

describe("a template that is not accepted", () => {
  it.each([
    ["{{ a", 1, 1, "the tag has no end: expected `}}`"],
    ["x\n{{ a b }}", 2, 6, "expected the end of the tag, found `b`"],
    ["{% if a %}x", 1, 12, "the template ends inside `if`: expected `{% endif %}`"],
    ["{% for x in a %}{% endif %}", 1, 20, "unexpected tag `endif`; the open block is `for`"],
    ["{% endfor %}", 1, 4, "unexpected tag `endfor`; allowed are if, for and raw"],
    ["{{ }}", 1, 4, "expected a value, found the end of the tag"],
    ["{{ (1] }}", 1, 6, "unexpected `]`, expected `)`"],
    ["{{ 'a }}", 1, 4, "the text has no closing quote"],
    ["{{ a ? b }}", 1, 6, "unexpected character `?`"],
    ["{# a", 1, 1, "the comment has no end"],
    ["{% raw %}", 1, 1, "`raw` has no `{% endraw %}`"],
    ["{{ a | truncate(1, 2, 3, 4, 5) }}", 1, 8, "takes at most 4 arguments, not 5"],
    ["{{ a | replace('x') }}", 1, 8, "the filter `replace` needs `new`"],
    ["{{ a | round(digits=2) }}", 1, 8, "has no argument `digits`; it takes precision, method"],
    ["{{ a is prime }}", 1, 9, "the test `prime` is not allowed"],
    ["{% for loop in a %}{% endfor %}", 1, 8, "`loop` cannot be a loop variable"],
    ["{% if a %}{% else %}{% elif b %}{% endif %}", 1, 29, "`elif` cannot follow `else`"],
  ])("says where and why: %s", (source, line, column, message) => {
    const attempt = (): unknown => parseTemplate(source);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code: "invalid_input", data: { line, column } }));
  });

  it("names an unknown variable at once when the known ones are given", () => {
    expect(() => compileTemplate("{{ price }} {{ pirce }}", { knownVariables: ["price", "qty"] })).toThrow(
      "unknown variable `pirce`; known are price, qty",
    );
  });
});

describe("a render without text", () => {
  it("names what is missing, None or empty, and how to deal with it", () => {
    const template = compileTemplate("{{ person.nickname }}{{ note }}{{ tags[3] }}");
    expect(() => template.render({ person: { first: "Jo" }, note: "", tags: [] })).toThrow(
      "the template rendered to empty text; likely because of person.nickname (missing from the record), note (empty text), tags[3] (missing from the record). " +
        "Give a default with {{ person.nickname if person.nickname else 'N/A' }}, or skip the cell with {{ not person.nickname }}",
    );
  });

  it("says what is undefined when something of it is used", () => {
    expect(() => compileTemplate("Hi {{ person.address.street }}").render({ person: {} })).toThrow(
      "'dict object' has no attribute 'address'",
    );
    expect(() => compileTemplate("{{ a + 1 }}").render({})).toThrow("'a' is undefined");
  });

  it("marks the kind of failure", () => {
    const render = (source: string) => () => compileTemplate(source).render({ x: "" });
    expect(render("{{ x }}")).toThrow(expect.objectContaining({ data: { kind: "EmptyRenderedExpression" } }));
    expect(render("{{ 1 / 0 }}")).toThrow(expect.objectContaining({ data: { kind: "TemplateRenderError" } }));
  });
});

describe("the variables of a template", () => {
  it("are named once, in order of first use, without loop variables", () => {
    const template = parseTemplate(
      "{{ b.c }}{% for x, y in a if x > limit %}{{ x ~ y ~ b ~ loop.index }}{% endfor %}{{ x }}",
    );
    expect(templateVariables(template)).toEqual(["b", "a", "limit", "x"]);
  });

  it("include a loop variable used outside of its loop and `loop` outside of a loop", () => {
    expect(templateVariables(parseTemplate("{{ loop }}{% for i in s %}{% else %}{{ i }}{% endfor %}"))).toEqual([
      "loop",
      "s",
      "i",
    ]);
  });
});
