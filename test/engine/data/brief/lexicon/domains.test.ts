import { describe, expect, it } from "vitest";

import { assembleFields, namedFields } from "../../../../../engine/data/brief/lexicon/assemble.ts";
import { allDomains, fieldById } from "../../../../../engine/data/brief/lexicon/lexicon.ts";
import type { Row } from "../../../../../engine/data/table-rows.ts";
import { INVARIANTS, LIFTS, SHARES } from "./domain-rules.ts";
import { generateRows, problemsOf } from "./generate-rows.ts";

const ROWS = 200;

const isGap = (value: unknown): boolean => value === null || value === undefined || value === "" || value === "None";

describe("domains of the lexicon", () => {
  it("are many, each with ids of fields that exist", () => {
    expect(allDomains().length).toBeGreaterThanOrEqual(30);
    expect(new Set(allDomains().map(({ id }) => id)).size).toBe(allDomains().length);
    for (const { id, fields, overrides, names, relations } of allDomains()) {
      const all = [...fields, ...Object.keys(overrides), ...relations.flatMap(namedFields)];
      expect(
        all.filter((field) => fieldById(field) === undefined),
        id,
      ).toEqual([]);
      expect(new Set(fields).size, id).toBe(fields.length);
      expect(fields.length, id).toBeGreaterThanOrEqual(8);
      expect(fields.length, id).toBeLessThanOrEqual(14);
      expect(
        Object.keys(names).filter((field) => !fields.includes(field)),
        id,
      ).toEqual([]);
    }
  });

  it.each(allDomains().map((domain) => [domain.id, domain] as const))(
    "%s makes a valid design and full rows",
    async (_, domain) => {
      const design = assembleFields(domain.fields, { domain });
      const { violations, rows, failures } = await generateRows(design, ROWS);
      expect(problemsOf(violations)).toEqual([]);
      expect(failures).toEqual([]);
      expect(rows).toHaveLength(ROWS);
      const shown = design.columns.filter((column) => column["drop"] !== true).map(({ name }) => name);
      expect(shown).toEqual(domain.fields.map((id) => domain.names[id] ?? fieldById(id)?.columns.at(-1)?.name));
      const gaps = shown.filter((name) => rows.some((row) => isGap(row[name])));
      expect(gaps).toEqual([]);
      const check = INVARIANTS[domain.id];
      if (check !== undefined) expect(rows.filter((row) => !check(row))).toEqual([]);
    },
  );

  it.each(LIFTS)("%s: the mean of %s follows %s", async (id, feature, label, direction) => {
    const rows = await rowsOf(id, [feature, label]);
    const mean = (wanted: number): number => {
      const values = rows.filter((row) => row[label] === wanted).map((row) => Number(row[feature]));
      expect(values.length).toBeGreaterThan(20);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(Math.sign(mean(1) - mean(0))).toBe(direction);
  });

  it.each(SHARES)("%s: the share of %s lies between %d and %d", async (id, label, low, high) => {
    const rows = await rowsOf(id, [label]);
    const share = rows.filter((row) => row[label] === 1).length / rows.length;
    expect(share).toBeGreaterThan(low);
    expect(share).toBeLessThan(high);
  });
});

/** Enough rows of some columns of a domain to see what depends on what. */
async function rowsOf(id: string, names: readonly string[]): Promise<readonly Row[]> {
  const domain = allDomains().find((entry) => entry.id === id);
  const ids = domain?.fields.filter((field) => names.includes(domain.names[field] ?? field));
  if (domain === undefined || ids?.length !== names.length) throw new Error(`no ${names.join(", ")} in ${id}`);
  return (await generateRows(assembleFields(ids, { domain }), 4_000)).rows;
}
