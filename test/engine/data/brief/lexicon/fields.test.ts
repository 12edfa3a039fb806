import { describe, expect, it } from "vitest";

import { readDesign } from "../../../../../engine/data/design/validate.ts";
import { assembleFields, referencesIn } from "../../../../../engine/data/brief/lexicon/assemble.ts";
import type { FieldKind } from "../../../../../engine/data/brief/lexicon/types.ts";
import { allFields, fieldById, findField } from "../../../../../engine/data/brief/lexicon/lexicon.ts";
import { normaliseWords } from "../../../../../engine/data/brief/lexicon/words.ts";
import type { JsonValue } from "../../../../../engine/data/table.ts";
import { generateRows, problemsOf } from "./generate-rows.ts";

const ROWS = 200;
/** Fields of one design, so that the generator is compiled a few times only. */
const BATCH = 120;
const batches = Array.from({ length: Math.ceil(allFields().length / BATCH) }, (_, at) =>
  allFields().slice(at * BATCH, (at + 1) * BATCH),
);

describe("fields of the lexicon", () => {
  it("are many, with ids and column names of their own", () => {
    expect(allFields().length).toBeGreaterThanOrEqual(250);
    expect(new Set(allFields().map(({ id }) => id)).size).toBe(allFields().length);
    const names = allFields().flatMap(({ columns }) => columns.map(({ name }) => name));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it("refer to fields that exist and say what they need", () => {
    for (const { id, columns, needs, constraints } of allFields()) {
      expect(columns.filter(({ role }) => role === "main")).toHaveLength(1);
      const references = referencesIn(JSON.stringify([columns, constraints])).filter((name) => name !== "self");
      expect([...new Set(references)].sort(), id).toEqual([...needs].sort());
      expect(needs.filter((need) => fieldById(need) === undefined)).toEqual([]);
    }
  });

  it("draw whole numbers without favour for those between the ends", () => {
    const rounded = allFields().filter(({ columns }) =>
      columns.some((column) => column["sampler_type"] === "uniform" && column["convert_to"] === "int"),
    );
    expect(rounded.map(({ id }) => id)).toEqual([]);
  });

  it("are found by at least one of their phrases, all of which say something", () => {
    for (const { id, words } of allFields()) {
      expect(
        words.filter((phrase) => normaliseWords(phrase).length === 0),
        id,
      ).toEqual([]);
      const ids = words.map((phrase) => findField(phrase)?.id);
      if (words.length > 0) expect(ids, id).toContain(id);
    }
  });

  it("make a valid design each on its own, with hidden columns for what they need", () => {
    for (const field of allFields()) {
      const design = assembleFields([field.id]);
      expect(problemsOf(readDesign(design).violations), field.id).toEqual([]);
      const shown = design.columns.filter((column) => column["drop"] !== true).map(({ name }) => name);
      expect(shown).toEqual([field.id]);
    }
  });

  it.each(batches.map((batch, at) => [at + 1, batch] as const))("generate full rows (part %i)", async (_, batch) => {
    const { violations, rows, failures } = await generateRows(assembleFields(batch.map(({ id }) => id)), ROWS);
    expect(problemsOf(violations)).toEqual([]);
    expect(failures).toEqual([]);
    expect(rows).toHaveLength(ROWS);
    const wrong = batch.flatMap(({ id, kind }) => {
      const odd = rows.map((row) => row[id] ?? null).find((value) => !isSane(kind, value));
      return odd === undefined ? [] : [`${id}: ${JSON.stringify(odd)}`];
    });
    expect(wrong).toEqual([]);
  });
});

const NUMBERS: ReadonlySet<string> = new Set(["integer", "number", "money", "duration"]);

function isSane(kind: FieldKind, value: JsonValue): boolean {
  if (value === null || value === "") return false;
  // What Python writes for a missing value must not stand in a text, nor a reference that nobody resolved.
  if (typeof value === "string" && /\bNone\b|\bnan\b|undefined|(?<!\w)@|\{\{/.test(value)) return false;
  if (NUMBERS.has(kind) && (typeof value !== "number" || !Number.isFinite(value))) return false;
  if (kind === "integer") return Number.isInteger(value);
  if (kind === "boolean") return value === 0 || value === 1;
  if (kind === "date") return typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);
  if (kind === "datetime") return typeof value === "string" && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(value);
  return true;
}
