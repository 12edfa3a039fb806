import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { DesignDraft, DraftColumn } from "../../../engine/data/design/draft.ts";
import { draftCalls } from "../../../graphs/data-designer/offline-policy/draft-calls.ts";
import { type DataTools, ask, openDataTools } from "../../tools/data/support/open-data-tools.ts";
import { INVOICE_COLUMNS, invoices } from "./support.ts";

let opened: DataTools;
beforeAll(async () => {
  opened = await openDataTools();
});
afterAll(() => opened.close());

/** What the real tools make of the calls. */
async function apply(current: DesignDraft | null, wanted: DesignDraft): Promise<DesignDraft> {
  const client = opened.connect();
  let design: unknown = current;
  for (const { name, args } of draftCalls(current, wanted)) {
    ({ design } = await ask(client, name, args, { "nemops/design": design }));
  }
  // The tools answer the draft they were given, reduced.
  return design as DesignDraft;
}

const sampler = (name: string, sampler_type: string, params: DraftColumn, more: DraftColumn = {}): DraftColumn => ({
  column_type: "sampler",
  name,
  sampler_type,
  params,
  ...more,
});

const EVERYTHING: DraftColumn[] = [
  sampler("id", "uuid", { prefix: "A-", uppercase: true }),
  sampler("status", "category", { values: ["a", "b"], weights: [80, 20] }),
  sampler("part", "subcategory", { category: "status", values: { a: ["x"], b: ["y", "z"] } }),
  sampler("price", "gaussian", { mean: 80, stddev: 10, decimal_places: 2 }),
  sampler("plain", "uniform", { low: 0, high: 1 }),
  sampler("whole", "uniform", { low: 1, high: 10 }, { convert_to: "int" }),
  sampler(
    "seats",
    "scipy",
    { dist_name: "randint", dist_params: { low: 2, high: 301 } },
    {
      convert_to: "int",
      conditional_params: { "status == 'a'": { dist_name: "randint", dist_params: { low: 2, high: 11 } } },
    },
  ),
  sampler("faces", "scipy", { dist_name: "randint", dist_params: { low: 1, high: 7 } }),
  sampler(
    "fine",
    "uniform",
    { low: 1, high: 10, decimal_places: 3 },
    { conditional_params: { "status == 'a'": { low: 5, high: 6 } } },
  ),
  sampler("count", "poisson", { mean: 3 }),
  sampler("spread", "scipy", { dist_name: "gamma", dist_params: { a: 2 } }),
  sampler("day", "datetime", { start: "2025-01-01", end: "2026-01-01", unit: "D" }, { convert_to: "%Y-%m-%d" }),
  sampler("moment", "datetime", { start: "2025-01-01", end: "2026-01-01" }),
  sampler("later", "timedelta", { reference_column_name: "day", dt_min: 1, dt_max: 9 }),
  sampler("person", "person_from_faker", { locale: "de_DE", age_range: [18, 65] }, { drop: true }),
  { column_type: "expression", name: "who", expr: "{{ person.last_name }}" },
  { column_type: "expression", name: "total", expr: "{{ price * count }}", dtype: "float" },
  {
    column_type: "llm-text",
    name: "note",
    prompt: "A note on {{ status }}",
    model_alias: "writer",
    with_trace: "last_message",
  },
];

const everything: DesignDraft = {
  name: "everything",
  num_records: 20,
  seed: 3,
  config: {
    columns: EVERYTHING,
    model_configs: [{ alias: "writer", model: "m", inference_parameters: { temperature: 0.5 } }],
    constraints: [
      { constraint_type: "scalar_inequality", target_column: "price", operator: "gt", rhs: 0 },
      { constraint_type: "column_inequality", target_column: "plain", operator: "lt", rhs: "price" },
    ],
  },
};

describe("draftCalls", () => {
  it("makes a whole design through the tools that nothing more has to be done to", async () => {
    const made = await apply(null, everything);
    expect(made).toMatchObject({ name: "everything", num_records: 20, seed: 3 });
    expect(made.config.columns.map(({ name }) => name)).toEqual(EVERYTHING.map(({ name }) => name));
    expect(draftCalls(made, everything)).toEqual([]);
  });

  it("puts a column before those that read it", () => {
    const reversed = { ...invoices(), config: { columns: INVOICE_COLUMNS.toReversed() } };
    const names = draftCalls(null, reversed).map(({ args }) => args["name"]);
    expect(names.indexOf("invoice_date")).toBeLessThan(names.indexOf("due_date"));
    expect(names.indexOf("patient")).toBeLessThan(names.indexOf("patient_name"));
  });

  it("asks for nothing when nothing differs, whichever defaults are written out", () => {
    const spelled = INVOICE_COLUMNS.map((column) => ({ drop: false, ...column }));
    expect(draftCalls(invoices(), { ...invoices(), config: { columns: spelled } })).toEqual([]);
  });

  it("changes only what differs", async () => {
    const columns = EVERYTHING.filter(({ name }) => name !== "count" && name !== "total").map((column) =>
      column["name"] === "whole" ? sampler("whole", "gaussian", { mean: 200, stddev: 40 }) : column,
    );
    columns.push(sampler("country", "category", { values: ["DE", "FR"] }));
    const wanted = { ...everything, config: { ...everything.config, columns, constraints: [] } };
    const made = await apply(null, everything);
    expect(draftCalls(made, wanted).map(({ name, args }) => [name, args["name"] ?? args["target_column"]])).toEqual([
      ["add_column_constraint", "plain"],
      ["add_scalar_constraint", "price"],
      ["remove_column", "total"],
      ["remove_column", "count"],
      ["update_column", "whole"],
      ["add_category_column", "country"],
    ]);
    const changed = await apply(made, wanted);
    expect(draftCalls(changed, wanted)).toEqual([]);
    expect(changed.config.constraints ?? []).toEqual([]);
  });

  it("makes the design anew for another name, number of rows or seed", async () => {
    const made = await apply(null, everything);
    for (const change of [{ name: "other" }, { num_records: 7 }, { seed: "x" }]) {
      const wanted = { ...everything, ...change };
      expect(draftCalls(made, wanted)[0]?.name).toBe("init_config");
      expect(draftCalls(await apply(made, wanted), wanted)).toEqual([]);
    }
  });
});
