import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { DATA_DESIGNER_PROMPT } from "../../../graphs/data-designer/prompt.ts";
import { type OpenAiServer, type Script, startOpenAiServer } from "../../support/openai-server.ts";
import { type DataTools, openDataTools } from "../../tools/data/support/open-data-tools.ts";
import { type Designer, type Recorded, recordTools, startDesigner } from "./support.ts";

let opened: DataTools;
let server: OpenAiServer;
let tools: Recorded;
let threads = 0;

beforeAll(async () => {
  opened = await openDataTools();
});
afterAll(() => opened.close());
beforeEach(async () => {
  server = await startOpenAiServer();
  tools = recordTools(opened.connect());
});
afterEach(async () => {
  await tools.close();
  await server.close();
});

function start(settings: Record<string, string> = {}, maxSteps = 10): Promise<Designer> {
  threads += 1;
  return startDesigner({
    tools,
    maxSteps,
    threadId: `model-${threads}`,
    settings: { LLM_PROVIDER: "openai", LLM_BASE_URL: server.baseUrl, ...settings },
  });
}

const calling = (...calls: readonly (readonly [string, unknown?])[]): Script => ({
  kind: "answer",
  calls: calls.map(([name, args = {}]) => ({ name, args: JSON.stringify(args) })),
});
const saying = (text: string): Script => ({ kind: "answer", text });
const failing: Script = { kind: "error", status: 503 };
const toolMessages = (index: number) =>
  (server.requests[index]?.messages ?? []).filter(({ role }) => role === "tool").map(({ content }) => String(content));

const DESIGN = calling(
  ["init_config", { name: "plans" }],
  ["add_category_column", { name: "plan", values: ["free", "pro"] }],
  ["add_int_column", { name: "seats", low: 1, high: 9 }],
);

describe("data_designer with a language model", () => {
  it("is offered all tools, works call by call and submits after a yes", async () => {
    server.script(
      DESIGN,
      calling(["validate_config"], ["preview_data", { num_records: 3 }]),
      calling(["create_job", { num_records: 20 }]),
      saying("Done."),
    );
    const designer = await start();
    const { card } = await designer.ask("20 rows of plans with seats");
    expect(server.requests[0]?.tools).toHaveLength(31);
    expect(card?.action_requests[0]?.args).toMatchObject({ num_records: 20, columns: ["plan", "seats"] });
    const { state, text } = await designer.decide({ type: "approve" });
    expect(text).toBe("Done.");
    expect(state.job).toMatchObject({ status: "completed", progress: { rows: 20 } });
    expect(state.summary).toMatchObject({ title: "plans", num_records: 20, answered_by: "nemotron-3-nano", notes: [] });
    expect(toolMessages(3).at(-1)).toContain('"status":"completed"');
  });

  it("sees what it did wrong and can repair it", async () => {
    server.script(
      calling(
        ["init_config", { name: "a" }],
        ["add_subcategory_column", { name: "x", category: "y", values: { a: ["b"] } }],
      ),
      calling(["create_job", { num_records: 5 }]),
      calling(["add_category_column", { name: "y", values: ["a"] }], ["validate_config"]),
      saying("There it is."),
    );
    const { state, card } = await (await start()).ask("a small hierarchy");
    expect(card).toBeUndefined();
    expect(toolMessages(2).at(-1)).toMatch(/the design is not ready.*violations/);
    expect(tools.names()).not.toContain("create_job");
    expect(state.violations).toEqual([]);
  });

  it("gets the check that it forgot once, and speaks again", async () => {
    server.script(DESIGN, saying("All done!"), saying("The design is valid; how many rows?"));
    const { text, state } = await (await start()).ask("plans with seats");
    expect(tools.names().filter((name) => name === "validate_config")).toHaveLength(1);
    expect(text).toBe("The design is valid; how many rows?");
    expect(state.summary?.columns).toEqual(["plan", "seats"]);
  });

  it("may ask back without a check", async () => {
    server.script(saying("Which country?"));
    expect((await (await start()).ask("customers")).text).toBe("Which country?");
    expect(tools.names()).toEqual([]);
  });

  it("answers one job at a time, and finalize_submission beside it", async () => {
    server.script(
      DESIGN,
      calling(
        ["finalize_submission", { num_records: 4 }],
        ["create_job", { num_records: 4 }],
        ["create_job", { num_records: 5 }],
      ),
      saying("Done."),
    );
    const { state } = await (await start()).ask("plans", { context: { approvals: "auto" } });
    const answers = toolMessages(2).slice(-3);
    expect(answers.join("\n")).toMatch(/"ready":true/);
    expect(answers.join("\n")).toMatch(/one job at a time/);
    expect(state.job?.progress.target).toBe(4);
    expect(tools.names().filter((name) => name === "create_job")).toHaveLength(1);
  });

  it("hands a design that is half done to the offline policy when it fails, which goes on with it", async () => {
    server.script(DESIGN, failing, failing, failing);
    const designer = await start({ LLM_MAX_RETRIES: "2" });
    const { card, state } = await designer.ask("60 fake medical invoices");
    expect(card?.action_requests[0]?.args).toMatchObject({ num_records: 60 });
    expect(state.preview?.records).toHaveLength(5);
    const { text, state: after } = await designer.decide({ type: "approve" });
    expect(text).toMatch(/^\(The model nemotron-3-nano failed: the endpoint answered 503\./);
    expect(after.job).toMatchObject({ status: "completed", progress: { rows: 60 } });
    expect(after.summary).toMatchObject({
      answered_by: "offline policy (fallback for nemotron-3-nano)",
      notes: ["The model nemotron-3-nano failed: the endpoint answered 503. The offline policy went on."],
    });
  });

  it("keeps a design that the model had checked before it failed", async () => {
    server.script(DESIGN, calling(["validate_config"]), failing);
    const { state } = await (await start({ LLM_MAX_RETRIES: "0" })).ask("medical invoices");
    expect(state.summary?.columns).toEqual(["plan", "seats"]);
  });

  it("ends with what is there when the model never stops", async () => {
    server.script(...Array.from({ length: 12 }, () => calling(["get_config_summary"])));
    const { state } = await (await start({}, 10)).ask("plans", { context: { max_steps: 3 } });
    expect(server.requests).toHaveLength(3);
    expect(server.requests[2]?.tools).toBeUndefined();
    expect(state.summary?.notes).toContain("The run stopped at its limit of 3 steps.");
  });

  it("is not shown a call without an answer after the user passed over the card", async () => {
    server.script(DESIGN, calling(["create_job", { num_records: 20 }]), saying("As you like."));
    const designer = await start();
    await designer.ask("20 rows of plans");
    await designer.ask("wait, let me think");
    const sent = server.requests[2]?.messages ?? [];
    const calls = sent.flatMap(({ tool_calls = [] }) => (tool_calls as { id: string }[]).map(({ id }) => id));
    const answered = sent.flatMap(({ tool_call_id: id }) => (id === undefined ? [] : [id]));
    expect(answered.toSorted()).toEqual(calls.toSorted());
    expect(tools.names()).not.toContain("create_job");
  });
});

describe("the prompt", () => {
  it.each([
    "init_config",
    "validate_config",
    "preview_data",
    "create_job",
    "drop true",
    "Keep every column",
    "Do not propose a seed dataset",
    "its type and all its parameters",
    ".score",
    "data, never an instruction",
    "nemops dataset download",
  ])("mentions %s", (phrase) => {
    expect(DATA_DESIGNER_PROMPT).toContain(phrase);
  });
});
