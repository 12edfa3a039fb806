import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ToolClient } from "../../../mcp/client/tool-client.ts";
import { type Answer, ask, build, type DataTools, EMPTY, openDataTools, refuse } from "./support/open-data-tools.ts";

let tools: DataTools;
beforeAll(async () => {
  tools = await openDataTools();
});
afterAll(() => tools.close());

/** `_meta` with a small design: one drawn, one calculated and one written column. */
async function reviews(client: ToolClient): Promise<Answer> {
  const { design } = await build(client, [
    ["init_config", { name: "reviews", num_records: 40, seed: "fixed" }],
    ["add_category_column", { name: "product", values: ["lamp", "chair"] }],
    ["add_expression_column", { name: "title", expr: "{{ product | upper }}" }],
    ["add_llm_text_column", { name: "review", prompt: "Write a review of a {{ product }}." }],
  ]);
  return { "nemops/design": design };
}

function jobOf(answer: Answer): Answer {
  // The tools' output schema has the job in this field.
  return answer["job"] as Answer;
}

async function finish(client: ToolClient, id: unknown): Promise<Answer> {
  for (let round = 0; round < 100; round += 1) {
    const job = jobOf(await ask(client, "get_job_status", { job_id: id, wait_seconds: 30 }));
    if (["completed", "error", "cancelled"].includes(String(job["status"]))) return job;
  }
  throw new Error("the job did not end");
}

describe("a job", () => {
  it("is created from the design, followed to its end and listed", async () => {
    const client = tools.connect();
    const meta = await reviews(client);
    const request = { formats: "CSV, .parquet", idempotency_key: "thread-1" };
    const created = jobOf(await ask(client, "create_job", request, meta));
    expect(created).toMatchObject({
      name: "reviews",
      num_records: 40,
      seed: "fixed",
      formats: ["csv", "parquet"],
      progress: { target: 40 },
      error: null,
    });
    expect(created["text_model"]).toContain("offline");
    const done = await finish(client, created["id"]);
    expect(done).toMatchObject({
      id: created["id"],
      status: "completed",
      progress: { rows: 40, target: 40, failed_rows: 0 },
      results: expect.arrayContaining(["dataset", "analysis"]) as unknown,
    });
    const again = jobOf(await ask(client, "create_job", request, meta));
    expect(again["id"]).toBe(created["id"]);
    const { jobs, total } = await ask(client, "list_jobs", { status: "completed" });
    expect(total).toBe(1);
    expect(jobs).toMatchObject([{ id: created["id"], formats: ["csv", "parquet"] }]);
    expect((await refuse(client, "cancel_job", { job_id: created["id"] }))["code"]).toBe("conflict");
  });

  it("tells what it is at once when the caller knows an older version", async () => {
    const client = tools.connect();
    const meta = await reviews(client);
    const { id } = jobOf(await ask(client, "create_job", { num_records: 5, name: "five" }, meta));
    await finish(client, id);
    const progress: number[] = [];
    const outcome = await client.call(
      "get_job_status",
      { job_id: id, wait_seconds: 30, after_version: 0 },
      { onProgress: ({ done }) => progress.push(done) },
    );
    expect(outcome.structured?.["job"]).toMatchObject({ name: "five", status: "completed", progress: { rows: 5 } });
    expect(progress).toEqual([5]);
  });

  it("is cancelled for good", async () => {
    const client = tools.connect();
    const meta = await reviews(client);
    const { id } = jobOf(await ask(client, "create_job", { num_records: 1_000_000 }, meta));
    const cancelled = jobOf(await ask(client, "cancel_job", { job_id: id }));
    expect(["cancelling", "cancelled"]).toContain(cancelled["status"]);
    expect(await finish(client, id)).toMatchObject({ status: "cancelled" });
  });

  it("needs a number of rows and a design without errors", async () => {
    const client = tools.connect();
    const { design } = await ask(client, "add_uuid_column", { name: "id" }, EMPTY);
    const meta = { "nemops/design": design };
    expect((await refuse(client, "create_job", {}, meta))["error"]).toBe(
      "num_records is missing: how many rows are wanted?",
    );
    const broken = await ask(client, "add_expression_column", { name: "e", expr: "{{ nothing }}" }, meta);
    const answer = await refuse(client, "create_job", { num_records: 5 }, { "nemops/design": broken["design"] });
    expect(answer).toMatchObject({
      code: "invalid_input",
      violations: [{ type: "expression_reference_missing", column: "e" }],
      missing: ['column "nothing", which "e" needs for its expression'],
    });
    expect(answer["error"]).toContain('"e": its expression names "nothing"');
  });

  it("of more rows than the service allows is refused", async () => {
    const client = tools.connect();
    const answer = await refuse(client, "create_job", { num_records: 100_000_000 }, await reviews(client));
    expect(answer["code"]).toBe("invalid_input");
    expect(answer["error"]).toContain("100000000");
  });
});

describe("the estimate", () => {
  it("says that a design is ready, what it makes and that no tokens are spent offline", async () => {
    const client = tools.connect();
    const answer = await ask(
      client,
      "finalize_submission",
      { formats: ["csv"], num_records: 1000 },
      await reviews(client),
    );
    expect(answer).toMatchObject({
      ready: true,
      missing: [],
      violations: [],
      estimate: {
        name: "reviews",
        rows: 1000,
        columns: ["product", "title", "review"],
        models: ["nemotron-3-nano"],
        tokens_estimated: 0,
        formats: ["csv"],
      },
    });
  });

  it("says what is missing instead of failing", async () => {
    const answer = await ask(tools.connect(), "finalize_submission", {}, EMPTY);
    expect(answer).toMatchObject({
      ready: false,
      missing: ["columns: none yet", "num_records: how many rows are wanted"],
      estimate: { rows: null, text_model: null },
    });
  });
});

describe("a preview", () => {
  it("shows long cells cut, names who wrote and profiles each column", async () => {
    const client = tools.connect();
    const { design } = await build(client, [
      ["add_category_column", { name: "kind", values: ["x", "y"] }],
      ["add_float_column", { name: "n", low: 0, high: 1 }],
      ["add_expression_column", { name: "long", expr: "{{ kind * 5000 }}" }],
      ["add_llm_text_column", { name: "note", prompt: "A note about {{ kind }}" }],
    ]);
    const answer = await ask(client, "preview_data", { num_records: 500, seed: 3 }, { "nemops/design": design });
    const records = answer["records"] as Record<string, string>[];
    expect(records).toHaveLength(20);
    expect(records[0]?.["long"]).toMatch(/^[xy]{600}… \[5000 characters\]$/);
    expect(answer["text_model"]).toContain("offline");
    expect(answer["profile"]).toMatchObject([
      {
        column: "kind",
        type: "text",
        nulls: 0,
        distinct: 2,
        top: [expect.stringMatching(/^[xy] \(\d+\)$/), expect.any(String)],
      },
      { column: "n", type: "number", nulls: 0 },
      { column: "long", distinct: 2 },
      { column: "note", type: "text" },
    ]);
    expect(JSON.stringify(answer).length).toBeLessThan(60_000);
    const same = await ask(client, "preview_data", { num_records: 20, seed: "3" }, { "nemops/design": design });
    expect(same["records"]).toEqual(records);
  });

  it("that fails in every row says why, and that another try would end so again", async () => {
    const client = tools.connect();
    const { design } = await build(client, [
      ["add_expression_column", { name: "long", expr: "{{ 'x' * 1000000000 }}" }],
    ]);
    const refused = await refuse(client, "preview_data", {}, { "nemops/design": design });
    expect(refused).toMatchObject({ code: "invalid_input", retryable: false });
    expect(refused["error"]).toMatch(/"long".*longer than 512000/);
  });
});
