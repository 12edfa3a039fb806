import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bindTools } from "../../../mcp/client/bind-tools.ts";
import { DATA_TOOLS } from "../../../tools/data/index.ts";
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

const INVOICES: Calls = [
  ["init_config", { name: "medical invoices", num_records: 500, seed: 7 }],
  ["add_uuid_column", { name: "invoice_id", prefix: "INV-", short_form: true }],
  ["add_person_column", { name: "patient", drop: true }],
  ["add_expression_column", { name: "patient_name", expr: "{{ patient.first_name }} {{ patient.last_name }}" }],
  ["add_category_column", { name: "icd_code", values: ["E11.9", "I10", "J45.909"], weights: [3, 5, 2] }],
  ["add_float_column", { name: "amount", low: 50, high: 5000 }],
  ["add_datetime_column", { name: "invoice_date", start: "2024-01-01", end: "2025-01-01" }],
  ["add_timedelta_column", { name: "due_date", reference_column_name: "invoice_date", dt_min: 14, dt_max: 61 }],
  ["add_scalar_constraint", { target_column: "amount", operator: "gt", rhs: 50 }],
  ["add_column_constraint", { target_column: "due_date", operator: "gt", rhs: "invoice_date" }],
];

describe("the server", () => {
  it("offers the tools of the original by name, each with a purpose, simple arguments and a right example", async () => {
    const listed = await tools.connect().listTools();
    expect(listed.map((tool) => tool.name)).toEqual(
      (
        "init_config add_model_config add_uuid_column add_category_column add_subcategory_column add_int_column " +
        "add_float_column add_gaussian_column add_sampler_column add_datetime_column add_timedelta_column " +
        "add_person_column add_expression_column add_llm_text_column add_llm_code_column add_llm_structured_column " +
        "add_llm_judge_column add_validation_column add_seed_dataset add_column_constraint add_scalar_constraint " +
        "update_column remove_column get_config_summary validate_config preview_data create_job get_job_status " +
        "list_jobs cancel_job finalize_submission"
      ).split(" "),
    );
    for (const tool of listed) {
      const schema = JSON.stringify(tool.inputSchema);
      expect(schema, tool.name).not.toMatch(/anyOf|oneOf|allOf|\$ref/);
      expect(tool.description.length, tool.name).toBeGreaterThan(30);
    }
    for (const tool of DATA_TOOLS) if (tool.example !== undefined) tool.input.strict().parse(tool.example);
    expect(JSON.stringify(listed).length).toBeLessThan(32_000);
    expect(listed.filter((tool) => tool.isDestructive).map((tool) => tool.name)).toEqual(["cancel_job"]);
    expect(listed.filter((tool) => tool.isReadOnly)).toHaveLength(6);
  });

  it("has tools whose arguments the model adapter takes as they are", async () => {
    const listed = await tools.connect().listTools();
    const bound = await bindTools(listed);
    expect(bound).toHaveLength(31);
    const category = bound.find((tool) => tool.name === "add_category_column");
    expect(category?.schema).toMatchObject({
      type: "object",
      required: ["name", "values"],
      properties: { weights: { type: "array", items: { type: "number" } } },
    });
  });
});

describe("a design in _meta", () => {
  it("is built call by call and never shown to the model", async () => {
    const client = tools.connect();
    const answer = await build(client, INVOICES);
    expect(answer).toMatchObject({ column: null, changes: [], missing: [], violations: [] });
    expect(answer["design"]).toMatchObject({ name: "medical invoices", num_records: 500, seed: 7 });
    const meta = { "nemops/design": answer["design"] };
    const outcome = await client.call("add_int_column", { name: "visits", low: 1, high: 5 }, { meta });
    expect(JSON.parse(outcome.text)).toEqual({
      column: {
        column_type: "sampler",
        name: "visits",
        sampler_type: "scipy",
        params: { dist_name: "randint", dist_params: { low: 1, high: 6 } },
        convert_to: "int",
      },
      changes: [],
      missing: [],
      violations: [],
    });
    const preview = await ask(client, "preview_data", { num_records: 20 }, meta);
    // The preview's rows are objects by the tool's output schema.
    const records = preview["records"] as Record<string, string | number>[];
    expect(records).toHaveLength(20);
    for (const row of records) {
      expect(Object.keys(row)).toEqual([
        "invoice_id",
        "patient_name",
        "icd_code",
        "amount",
        "invoice_date",
        "due_date",
      ]);
      expect(String(row["due_date"]) > String(row["invoice_date"])).toBe(true);
      expect(row["amount"]).toBeGreaterThan(50);
    }
    expect(preview).toMatchObject({ text_model: null, failures: [], violations: [], records_left_out: 0 });
  });

  it("gives the same answer for the same call, whatever was called in between", async () => {
    const client = tools.connect();
    const { design } = await build(client, INVOICES.slice(0, 4));
    const call = (): Promise<Answer> =>
      ask(client, "add_gaussian_column", { name: "age", mean: 40, stddev: 9 }, { "nemops/design": design });
    const first = await call();
    await ask(client, "add_int_column", { name: "other", low: 1, high: 2 }, { "nemops/design": design });
    await ask(client, "init_config", { name: "session design" });
    expect(await call()).toEqual(first);
  });

  it("that is no design is refused with the reason, however deep it is", async () => {
    const client = tools.connect();
    const bad = await refuse(client, "validate_config", {}, { "nemops/design": { config: { columns: 5 } } });
    expect(bad).toMatchObject({ code: "invalid_input" });
    expect(bad["error"]).toContain("config.columns: must be a list");
    let deep: unknown = "x";
    for (let level = 0; level < 500; level += 1) deep = [deep];
    const refused = await refuse(client, "validate_config", {}, { "nemops/design": { config: { columns: deep } } });
    expect(refused["error"]).toContain("nested deeper");
  });
});

describe("a design of the session", () => {
  it("is kept for its connection and no other one", async () => {
    const [first, second] = [tools.connect(), tools.connect()];
    await ask(first, "init_config", { name: "first", num_records: 3 });
    await ask(first, "add_uuid_column", { name: "id" });
    await ask(second, "init_config", { name: "second" });
    await ask(second, "add_int_column", { name: "n", low: 1, high: 2 });
    expect(await ask(first, "get_config_summary")).toMatchObject({
      name: "first",
      columns: [{ name: "id", kind: "uuid" }],
    });
    expect(await ask(second, "get_config_summary")).toMatchObject({
      name: "second",
      columns: [{ name: "n" }],
      missing: ["num_records: how many rows are wanted"],
    });
  });

  it("is not touched by a call that fails or brings its own design", async () => {
    const client = tools.connect();
    await ask(client, "init_config", { name: "mine" });
    const before = await ask(client, "add_uuid_column", { name: "id" });
    await refuse(client, "add_gaussian_column", { name: "g", mean: 1, stddev: -1 });
    await refuse(client, "add_uuid_column", { name: "ID" });
    await ask(client, "add_uuid_column", { name: "other" }, EMPTY);
    const after = await ask(client, "add_scalar_constraint", { target_column: "id2", operator: "lt", rhs: 1 });
    expect(after["design"]).toMatchObject({ ...(before["design"] as object), config: { columns: [{ name: "id" }] } });
  });

  it("is replaced by init_config", async () => {
    const client = tools.connect();
    await ask(client, "init_config", { name: "one", num_records: 5 });
    await ask(client, "add_uuid_column", { name: "id" });
    const answer = await ask(client, "init_config", {});
    expect(answer["design"]).toEqual({ name: null, num_records: null, seed: null, config: { columns: [] } });
    expect(answer["missing"]).toEqual(["columns: none yet", "num_records: how many rows are wanted"]);
  });
});

describe("a design for models of a provider that nobody configured", () => {
  let online: DataTools;
  beforeAll(async () => {
    online = await openDataTools({ LLM_PROVIDER: "openai", LLM_BASE_URL: "http://127.0.0.1:1/v1" });
  });
  afterAll(() => online.close());

  it("is told so by every check before a job asks for it, and is right where no model is asked", async () => {
    const calls: Calls = [
      ["init_config", { num_records: 10 }],
      ["add_model_config", { alias: "text", model: "m", provider: "nobody" }],
      ["add_uuid_column", { name: "id" }],
      ["add_llm_text_column", { name: "note", prompt: "About {{ id }}", model_alias: "text" }],
    ];
    const meta = { "nemops/design": (await build(online.connect(), calls))["design"] };
    const client = online.connect();
    const wrong = { type: "invalid_model_config", level: "error", message: expect.stringContaining('"nobody"') };
    expect(await ask(client, "validate_config", {}, meta)).toMatchObject({ valid: false, violations: [wrong] });
    expect(await ask(client, "finalize_submission", {}, meta)).toMatchObject({ ready: false, violations: [wrong] });
    expect(await ask(client, "get_config_summary", {}, meta)).toMatchObject({ errors: 1 });
    expect(await refuse(client, "preview_data", {}, meta)).toMatchObject({ code: "invalid_input" });
    expect(await ask(tools.connect(), "validate_config", {}, meta)).toMatchObject({ valid: true });
  });
});

it("tells how many rows a job may have here, and takes no more", async () => {
  const own = await openDataTools({ DATA_MAX_ROWS: "1000" });
  try {
    const client = own.connect();
    await ask(client, "add_uuid_column", { name: "id" });
    const known = await client.listTools();
    for (const name of ["init_config", "finalize_submission", "create_job"]) {
      const tool = known.find((one) => one.name === name);
      expect(tool?.inputSchema).toMatchObject({ properties: { num_records: { minimum: 1, maximum: 1000 } } });
      const answer = await refuse(client, name, { num_records: 1001 });
      expect(JSON.stringify(answer)).toContain("a whole number from 1 to 1000");
    }
  } finally {
    await own.close();
  }
});

describe("a seed file", () => {
  it("is looked at when it is named, so that a wrong one is told at once and its columns are known", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "nemops-seeds-"));
    writeFileSync(path.join(folder, "people.csv"), "name,age\nAda,36\nAlan,41\n");
    writeFileSync(path.join(folder, "ragged.csv"), "a,b\n1\n");
    const own = await openDataTools({ DATA_SEED_FOLDER: folder });
    try {
      const client = own.connect();
      for (const [file, code, words] of [
        ["missing.csv", "invalid_input", "does not exist"],
        ["../../etc/passwd.csv", "forbidden", "lies outside"],
        ["ragged.csv", "unreadable_input", "line 2"],
        ["people.xlsx", "unreadable_input", "known are .csv"],
      ] as const) {
        const answer = await refuse(client, "add_seed_dataset", { path: file });
        expect(answer).toMatchObject({ code });
        expect(JSON.stringify(answer)).toContain(words);
      }
      const answer = await ask(client, "add_seed_dataset", { path: "people.csv" });
      expect(answer["changes"]).toEqual(["people.csv has 2 rows with the columns name, age"]);
      expect(answer["design"]).toMatchObject({
        config: { seed_config: { source: { seed_type: "local", path: "people.csv" } } },
      });
    } finally {
      await own.close();
      rmSync(folder, { recursive: true });
    }
  });
});
