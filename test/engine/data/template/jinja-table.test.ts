import { describe, expect, it } from "vitest";
import { compileTemplate } from "../../../../engine/data/template/template.ts";
import { access, arithmetic, comparison, printing, tests } from "./rows/expressions.ts";
import { listFilters, numberFilters, textFilters } from "./rows/filters.ts";
import { RECORD, type JinjaRow } from "./rows/record.ts";
import { methods, statements, whitespace } from "./rows/statements.ts";

const TABLES: Readonly<Record<string, readonly JinjaRow[]>> = {
  printing,
  arithmetic,
  comparison,
  tests,
  access,
  "text filters": textFilters,
  "number filters": numberFilters,
  "list filters": listFilters,
  methods,
  statements,
  whitespace,
};

describe.each(Object.entries(TABLES))("templates give what Jinja2 gives: %s", (_name, rows) => {
  it.each(rows)("%s", (template, output) => {
    expect(compileTemplate(template).render(RECORD)).toBe(output);
  });
});

it("covers at least 150 templates", () => {
  expect(Object.values(TABLES).flat().length).toBeGreaterThanOrEqual(150);
});
