import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Design } from "../../../engine/data/design/design.ts";
import { planColumns } from "../../../engine/data/design/plan.ts";
import { compileSamplers } from "../../../engine/data/samplers/compile-samplers.ts";
import { numbersOf } from "../../engine/data/samplers/design.ts";
import { DEVIATIONS, sharesError } from "../../engine/data/samplers/statistics.ts";
import {
  type Answer,
  ask,
  build,
  type Calls,
  type DataTools,
  EMPTY,
  openDataTools,
  refuse,
} from "./support/open-data-tools.ts";

let tools: DataTools;
beforeAll(async () => {
  tools = await openDataTools();
});
afterAll(() => tools.close());

describe("names and references", () => {
  it("are made valid and understood in the spelling of the user", async () => {
    const client = tools.connect();
    const answer = await build(client, [
      ["init_config", { num_records: 10 }],
      ["add_timedelta_column", { name: "Due Date", reference_column_name: "Order Date", dt_min: 1, dt_max: 5 }],
      ["add_datetime_column", { name: "Order Date", start: "2024-01-01", end: "2024-02-01" }],
      ["add_category_column", { name: "Status", values: ["open", "paid"] }],
      [
        "add_gaussian_column",
        { name: "Net price", mean: 10, stddev: 1, conditional_params: { "status = 'open'": { mean: 5, stddev: 1 } } },
      ],
      ["add_expression_column", { name: "gross", expr: "Net Price * 1.2", dtype: "number" }],
      ["add_llm_text_column", { name: "note", prompt: "About {Status} on {{ Order Date }}" }],
      ["add_column_constraint", { target_column: "due-date", operator: "after", rhs: "order date" }],
    ]);
    expect(answer["changes"]).toEqual(['"due-date" became "due_date"', '"order date" became "order_date"']);
    expect(answer["violations"]).toEqual([]);
    expect(answer["missing"]).toEqual([]);
    expect(answer["design"]).toMatchObject({
      config: {
        columns: [
          { name: "due_date", params: { reference_column_name: "order_date" } },
          { name: "order_date" },
          { name: "Status" },
          { name: "net_price", conditional_params: { "Status == 'open'": { mean: 5 } } },
          { name: "gross", expr: "{{ net_price * 1.2 }}", dtype: "float" },
          { name: "note", prompt: "About {{ Status }} on {{ order_date }}", model_alias: "text" },
        ],
        constraints: [{ target_column: "due_date", operator: "gt", rhs: "order_date" }],
        model_configs: [{ alias: "text", model: "nemotron-3-nano" }],
      },
    });
  });

  it("that go round in a circle are refused", async () => {
    const client = tools.connect();
    const { design } = await build(client, [
      ["add_float_column", { name: "low", low: 1, high: 9, conditional_params: { "high > 5": { low: 4, high: 9 } } }],
      ["add_float_column", { name: "high", low: 1, high: 9 }],
    ]);
    const circle = { target_column: "high", operator: "gt", rhs: "low" };
    const answer = await refuse(client, "add_column_constraint", circle, { "nemops/design": design });
    expect(answer["error"]).toContain("columns need each other in a circle, low → high → low");
  });

  it("that are not there yet are told as missing until they are", async () => {
    const client = tools.connect();
    const city = { name: "city", category: "country", values: { France: ["Paris"], Japan: ["Tokyo"] } };
    const first = await ask(client, "add_subcategory_column", city, EMPTY);
    expect(first["missing"]).toContain('column "country", which "city" needs for its parent category');
    const meta = { "nemops/design": first["design"] };
    const partly = await ask(client, "add_category_column", { name: "country", values: ["France", "Peru"] }, meta);
    expect(partly["missing"]).toEqual(["num_records: how many rows are wanted"]);
    expect(partly["violations"]).toMatchObject([
      { type: "subcategory_keys", column: "city" },
      { type: "subcategory_keys", column: "city" },
    ]);
  });

  it("follow a column that is renamed, everywhere", async () => {
    const client = tools.connect();
    const before = await build(client, [
      ["init_config", { num_records: 10 }],
      ["add_float_column", { name: "price", low: 1, high: 9 }],
      ["add_float_column", { name: "list", low: 1, high: 20 }],
      ["add_float_column", { name: "tax", low: 0, high: 1, conditional_params: { "price > 5": { low: 1, high: 2 } } }],
      ["add_column_constraint", { target_column: "price", operator: "lt", rhs: "list" }],
      ["add_expression_column", { name: "e", expr: "{{ price * 2 }} price", skip: { when: "{{ price < 2 }}" } }],
      ["add_llm_code_column", { name: "code", prompt: "{{ price }}", code_lang: "python" }],
      [
        "add_validation_column",
        { name: "ok", target_columns: ["code"], validator_type: "code", validator_params: { code_lang: "python" } },
      ],
    ]);
    const meta = { "nemops/design": before["design"] };
    const cost = await ask(client, "update_column", { name: "price", changes: { new_name: "Unit Cost" } }, meta);
    expect(cost["changes"]).toEqual(['"Unit Cost" became unit_cost', 'name: "price" became "unit_cost"']);
    expect(cost["violations"]).toEqual([]);
    const renamed = { "nemops/design": cost["design"] };
    const program = await ask(client, "update_column", { name: "code", changes: { new_name: "program" } }, renamed);
    const text = JSON.stringify((program["design"] as { config: unknown }).config);
    expect(text.match(/\bprice\b/g)).toEqual(["price"]);
    expect(text).toContain("{{ unit_cost * 2 }} price");
    expect(text).toContain('"unit_cost > 5"');
    expect(text).toContain('"target_columns":["program"]');
    expect(text).not.toContain('"code"]');
  });
});

describe("changing a column", () => {
  const START: Calls = [
    ["init_config", { num_records: 10 }],
    ["add_float_column", { name: "amount", low: 10, high: 90 }],
    ["add_category_column", { name: "status", values: ["a", "b"], weights: [1, 2] }],
    ["add_expression_column", { name: "label", expr: "{{ status }}-{{ amount }}" }],
    ["add_scalar_constraint", { target_column: "amount", operator: "ge", rhs: 20 }],
  ];

  it("merges fields and parameters and takes away what is null", async () => {
    const client = tools.connect();
    const meta = { "nemops/design": (await build(client, START))["design"] };
    const high = await ask(client, "update_column", { name: "amount", changes: { high: "95", drop: true } }, meta);
    expect(high["column"]).toMatchObject({ params: { low: 10, high: 95, decimal_places: 2 }, drop: true });
    expect(high["changes"]).toEqual(["high: 90 became 95", "drop is true"]);
    const even = await ask(client, "update_column", { name: "status", changes: { weights: null } }, meta);
    expect(even["column"]).toEqual({
      column_type: "sampler",
      name: "status",
      sampler_type: "category",
      params: { values: ["a", "b"] },
    });
    const shares = await ask(client, "update_column", { name: "Status", changes: { values: "x 60%, y 40%" } }, meta);
    expect(shares["column"]).toMatchObject({ params: { values: ["x", "y"], weights: [60, 40] } });
  });

  it("gives another sampler new parameters", async () => {
    const client = tools.connect();
    const meta = { "nemops/design": (await build(client, START))["design"] };
    const changes = { sampler_type: "gaussian", mean: 200, stddev: 40 };
    const normal = await ask(client, "update_column", { name: "amount", changes }, meta);
    expect(normal["column"]).toEqual({
      column_type: "sampler",
      name: "amount",
      sampler_type: "gaussian",
      params: { mean: 200, stddev: 40 },
    });
    const text = { column_type: "llm-text", prompt: "About {{ amount }}", model_alias: "nvidia-text" };
    const written = await ask(client, "update_column", { name: "status", changes: text }, meta);
    expect(written["column"]).toEqual({ name: "status", ...text });
  });

  it.each([
    [{ high: 5 }, "low (10) must not be greater than high (5)"],
    [{ hihg: 5 }, 'unknown field "hihg"'],
    [{ new_name: "Status" }, 'there is a column "status" already'],
    [{ new_name: 5 }, "new_name must be text, not 5"],
    [{}, "changes is empty"],
    [{ params: "much" }, "params: must be an object"],
    [{ sampler_type: "gaussian" }, "params.mean: is missing"],
  ])("to %j is refused", async (changes, message) => {
    const client = tools.connect();
    const meta = { "nemops/design": (await build(client, START))["design"] };
    expect((await refuse(client, "update_column", { name: "amount", changes }, meta))["error"]).toContain(message);
  });

  it("removes it only with what refers to it", async () => {
    const client = tools.connect();
    const meta = { "nemops/design": (await build(client, START))["design"] };
    const refused = await refuse(client, "remove_column", { name: "amount" }, meta);
    expect(refused).toMatchObject({
      code: "conflict",
      used_by: ['the column "label"', "the constraint amount >= 20"],
    });
    const gone = await ask(client, "remove_column", { name: "amount", cascade: true }, meta);
    expect(gone["design"]).toMatchObject({ config: { columns: [{ name: "status" }], constraints: [] } });
    expect(gone["changes"]).toContain('removed the column "label"');
    expect(gone["violations"]).toEqual([]);
  });

  it("keeps one limit on each side of a column, and takes one out again", async () => {
    const client = tools.connect();
    const limits = await build(client, [
      ...START,
      ["add_scalar_constraint", { target_column: "amount", operator: "gt", rhs: 30 }],
      ["add_scalar_constraint", { target_column: "amount", operator: "le", rhs: 80 }],
    ]);
    const constraints = (answer: Answer): unknown => (answer["design"] as { config: Answer }).config["constraints"];
    expect(constraints(limits)).toMatchObject([
      { operator: "gt", rhs: 30 },
      { operator: "le", rhs: 80 },
    ]);
    const meta = { "nemops/design": limits["design"] };
    const impossible = { target_column: "amount", operator: "gt", rhs: 85 };
    expect((await refuse(client, "add_scalar_constraint", impossible, meta))["error"]).toContain("can never hold");
    const without = { target_column: "amount", operator: "<=", rhs: 80, remove: true };
    expect(constraints(await ask(client, "add_scalar_constraint", without, meta))).toMatchObject([{ rhs: 30 }]);
  });
});

describe("whole numbers", () => {
  const shares = (low: number, high: number): Map<number, number> =>
    new Map(Array.from({ length: high - low + 1 }, (_, at) => [low + at, 1 / (high - low + 1)]));

  /** 20,000 values of the column `n` of a design. */
  function drawn(design: Answer): Float64Array {
    const parsed = Design.parse(design["config"]);
    const group = compileSamplers({ design: parsed, plan: planColumns(parsed), seed: 1 });
    return numbersOf(group.generate({ firstRow: 0, rowCount: 20_000 }), "n");
  }

  it("are as often at the ends as between them, by chi-square over 20,000 rows", async () => {
    const client = tools.connect();
    const { design } = await ask(client, "add_int_column", { name: "n", low: -1, high: 4 }, EMPTY);
    expect(sharesError(drawn(design as Answer), shares(-1, 4))).toBeLessThan(DEVIATIONS);
  });

  it("take new ends as they were told the first ones, and conditions as well", async () => {
    const client = tools.connect();
    const conditional_params = { "kind == 'a'": { low: 1, high: 2 } };
    const { design } = await build(client, [
      ["add_category_column", { name: "kind", values: ["a", "b"] }],
      ["add_int_column", { name: "n", low: 3, high: 9, conditional_params }],
      ["update_column", { name: "n", changes: { high: "4" } }],
    ]);
    expect(sharesError(drawn(design as Answer), new Map([1, 2, 3, 4].map((value) => [value, 1 / 4])))).toBeLessThan(
      DEVIATIONS,
    );
    const { column } = await ask(
      client,
      "update_column",
      { name: "n", changes: { params: { low: 2, high: 7 } } },
      {
        "nemops/design": design,
      },
    );
    expect(column).toMatchObject({ params: { dist_name: "randint", dist_params: { low: 2, high: 8 } } });
  });
});
