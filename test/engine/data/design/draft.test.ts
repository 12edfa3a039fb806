import { expect, it } from "vitest";

import { checkDraft, DesignDraft, emptyDraft } from "../../../../engine/data/design/draft.ts";

const category = (name: string, values: string[]) => ({
  column_type: "sampler",
  name,
  sampler_type: "category",
  params: { values },
});

it("lacks columns and a number of rows at first, which is no violation", () => {
  expect(checkDraft(emptyDraft())).toEqual({
    violations: [],
    missing: ["columns: none yet", "num_records: how many rows are wanted"],
  });
});

it("names the columns that others already refer to", () => {
  const draft: DesignDraft = {
    ...emptyDraft({ num_records: 10 }),
    config: {
      columns: [
        category("a", ["x"]),
        {
          column_type: "sampler",
          name: "due",
          sampler_type: "timedelta",
          params: { dt_min: 1, dt_max: 30, reference_column_name: "sold" },
        },
        { column_type: "expression", name: "label", expr: "{{ a }}-{{ nothing }}" },
      ],
      constraints: [{ target_column: "due", operator: "gt", rhs: "sold" }],
    },
  };
  const { missing, violations } = checkDraft(draft);
  expect(missing).toEqual([
    'column "sold", which "due" needs for its reference column',
    'column "nothing", which "label" needs for its expression',
  ]);
  expect(violations.map((violation) => violation.type)).toEqual([
    "timedelta_reference",
    "expression_reference_missing",
    "constraint_reference_missing",
  ]);
});

it("reports violations of shape and of meaning, also without columns", () => {
  const draft: DesignDraft = { ...emptyDraft(), config: { columns: [], model_configs: [{ alias: "m" }] } };
  expect(checkDraft(draft).violations.map((violation) => violation.message)).toEqual([
    "model_configs[0]: model: is missing; it must be text",
  ]);
});

it("does not ask for columns that the seed dataset may have", () => {
  const draft: DesignDraft = {
    ...emptyDraft({ num_records: 1 }),
    config: {
      columns: [{ column_type: "expression", name: "label", expr: "{{ topic }}" }],
      seed_config: { source: { seed_type: "local", path: "topics.csv" } },
    },
  };
  expect(checkDraft(draft).missing).toEqual([]);
});

it("is read back from its own JSON and refuses unknown parts", () => {
  const draft = emptyDraft({ name: "orders", num_records: 5, seed: 7 });
  expect(DesignDraft.parse(JSON.parse(JSON.stringify(draft)))).toEqual(draft);
  expect(DesignDraft.parse({})).toEqual(emptyDraft());
  expect(DesignDraft.safeParse({ config: { columns: [], colums: [] } }).success).toBe(false);
  expect(DesignDraft.safeParse({ num_records: 0 }).success).toBe(false);
});
