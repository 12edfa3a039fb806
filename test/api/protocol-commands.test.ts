import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";

import { CommandAnswer } from "../../server/schemas/protocol.ts";
import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";

let server: TestApp;
let nextId = 0;

beforeAll(async () => {
  server = await startTestApp();
});
afterAll(() => server.close());

async function command(threadId: string, method: string, params: unknown = {}) {
  nextId += 1;
  const response = await server.app.inject({
    method: "POST",
    url: `/threads/${threadId}/commands`,
    payload: { id: nextId, method, params: params as object },
  });
  expect(response.statusCode).toBe(200);
  const answer = CommandAnswer.parse(response.json());
  expect(answer.id).toBe(nextId);
  return answer;
}

const RunResult = z.object({ run_id: z.uuid() });

/** Starts a run and waits for it. */
async function run(threadId: string, method: string, params: unknown): Promise<string> {
  const answer = await command(threadId, method, params);
  if (answer.type === "error") throw new Error(`${answer.error}: ${answer.message}`);
  const { run_id: runId } = RunResult.parse(answer.result);
  await server.app.inject({ method: "GET", url: `/threads/${threadId}/runs/${runId}/join` });
  return runId;
}

async function threadOf(threadId: string) {
  const thread = await server.store.threads.get(threadId);
  if (thread === undefined) throw new Error("no thread");
  const interrupts = Object.values(thread.interrupts).flat() as { id: string; value: string }[];
  return { ...thread, interrupts };
}

const start = (assistant: string, input: unknown, more: object = {}) => ({ assistant_id: assistant, input, ...more });

describe("run.start", () => {
  it("answers what an interrupted thread waits for", async () => {
    const threadId = crypto.randomUUID();
    await run(threadId, "run.start", start("approval", {}));
    await run(threadId, "run.start", start("approval", "yes"));
    expect(await threadOf(threadId)).toMatchObject({ status: "idle", values: { answers: ["yes", "done"] } });
  });

  it("keeps a thread to the assistant it was first used with", async () => {
    const threadId = crypto.randomUUID();
    await run(threadId, "run.start", start("two_nodes", { log: [] }));
    expect(await command(threadId, "run.start", start("echo", { messages: [] }))).toMatchObject({
      type: "error",
      error: "invalid_argument",
      message: expect.stringContaining("bound to assistant"),
    });
  });

  it("takes thread ids that are no UUIDs, and names the newest event before it", async () => {
    const threadId = `my thread ${crypto.randomUUID()}`;
    const first = await command(encodeURIComponent(threadId), "run.start", start("two_nodes", { log: [] }));
    expect(first).toMatchObject({ type: "success", meta: { thread_id: threadId } });
    await vi.waitFor(async () => expect((await server.store.threads.get(threadId))?.status).toBe("idle"));
    const second = await command(encodeURIComponent(threadId), "state.get");
    if (first.type === "error" || second.type === "error") throw new Error("a command failed");
    expect(second.meta.applied_through_seq).toBeGreaterThan(first.meta.applied_through_seq);
  });

  it("refuses a second run when the strategy is reject, and names unknown assistants and bad fields", async () => {
    const threadId = crypto.randomUUID();
    const gate = createGate("protocol reject");
    await command(threadId, "run.start", start("behaving", { mode: "wait:protocol reject" }));
    await gate.reached;
    const rejected = await command(threadId, "run.start", start("behaving", {}, { multitask_strategy: "reject" }));
    expect(rejected).toMatchObject({ error: "invalid_argument", message: expect.stringContaining("already running") });
    gate.open();
    expect(await command(crypto.randomUUID(), "run.start", start("nobody", {}))).toMatchObject({
      error: "invalid_argument",
      message: expect.stringContaining("Assistant not found"),
    });
    expect(await command(crypto.randomUUID(), "run.start", { assistant_id: 7, config: "x" })).toMatchObject({
      error: "invalid_argument",
      message: expect.stringMatching(/params\.assistant_id.*params\.config/),
    });
  });
});

describe("input.respond", () => {
  it("answers several interrupts in one run, each with its own answer", async () => {
    const threadId = crypto.randomUUID();
    await run(threadId, "run.start", start("two_approvals", {}));
    const { interrupts } = await threadOf(threadId);
    const responses = interrupts.map(({ id, value }) => ({ namespace: [], interrupt_id: id, response: `to ${value}` }));
    expect(responses).toHaveLength(2);
    await run(threadId, "input.respond", { responses });
    const { status, values } = await threadOf(threadId);
    expect(status).toBe("idle");
    expect(values).toEqual({ answers: [{ left: "to left?" }, { right: "to right?" }] });
  });

  it("answers one of several and leaves the other pending", async () => {
    const threadId = crypto.randomUUID();
    await run(threadId, "run.start", start("two_approvals", {}));
    const { interrupts } = await threadOf(threadId);
    await run(threadId, "input.respond", { namespace: [], interrupt_id: interrupts[0]?.id, response: "a" });
    const after = await threadOf(threadId);
    expect(after).toMatchObject({ status: "interrupted", interrupts: [{ id: interrupts[1]?.id }] });
  });

  it("refuses answers that nobody waits for", async () => {
    const threadId = crypto.randomUUID();
    const answer = { namespace: [], interrupt_id: "0".repeat(32), response: 1 };
    expect(await command(threadId, "input.respond", answer)).toMatchObject({ error: "invalid_argument" });
    await run(threadId, "run.start", start("two_nodes", { log: [] }));
    expect(await command(threadId, "input.respond", answer)).toMatchObject({
      error: "invalid_argument",
      message: expect.stringContaining("no pending interrupt"),
    });
    const waiting = crypto.randomUUID();
    await run(waiting, "run.start", start("approval", {}));
    expect(await command(waiting, "input.respond", answer)).toMatchObject({ error: "no_such_interrupt" });
    expect(await command(waiting, "input.respond", { responses: [] })).toMatchObject({ error: "invalid_argument" });
  });
});

describe("state", () => {
  it("is read, listed and forked from", async () => {
    const threadId = crypto.randomUUID();
    expect(await command(threadId, "state.get", { namespace: [] })).toMatchObject({ result: { values: {} } });
    await run(threadId, "run.start", start("two_nodes", { log: ["a"], input: "x" }));
    expect(await command(threadId, "state.get", { namespace: [], keys: ["log"] })).toMatchObject({
      result: { values: { log: ["a", "first", "second"] }, checkpoint: { id: expect.any(String), ns: "" } },
    });
    expect(await command(threadId, "state.get", { namespace: ["nowhere"] })).toMatchObject({
      error: "no_such_namespace",
    });
    const listed = await command(threadId, "state.listCheckpoints", { limit: 10 });
    if (listed.type === "error") throw new Error(listed.message);
    const { checkpoints } = z
      .object({
        checkpoints: z.array(z.object({ id: z.string(), step: z.number(), node_name: z.string().optional() })),
      })
      .parse(listed.result);
    expect(checkpoints.map(({ step, node_name: node }) => [step, node])).toEqual([
      [2, undefined],
      [1, "second"],
      [0, "first"],
      [-1, "__start__"],
    ]);
    await run(threadId, "state.fork", { checkpoint_id: checkpoints[1]?.id });
    const runs = await server.store.runs.list(threadId, {}, { limit: 10, offset: 0 });
    expect(runs.map(({ status }) => status)).toEqual(["success", "success"]);
    expect(await command(threadId, "state.fork", { checkpoint_id: crypto.randomUUID() })).toMatchObject({
      error: "no_such_checkpoint",
    });
  });
});

describe("the other commands", () => {
  it("inject a message into the conversation of a thread", async () => {
    const threadId = crypto.randomUUID();
    await run(threadId, "run.start", start("echo", { messages: [{ role: "user", content: "one" }] }));
    await run(threadId, "input.inject", { namespace: [], message: { role: "user", content: "two" } });
    const { values } = await threadOf(threadId);
    const { messages } = z.object({ messages: z.array(z.object({ content: z.string() })) }).parse(values);
    expect(messages.map(({ content }) => content)).toEqual(["one", "you said: one", "two", "you said: two"]);
  });

  it("show the tree of the latest run", async () => {
    const threadId = crypto.randomUUID();
    const runId = await run(threadId, "run.start", start("parent", { log: [] }));
    expect(await command(threadId, "agent.getTree", { run_id: runId })).toMatchObject({
      result: {
        tree: {
          namespace: [],
          status: "completed",
          graph_name: "parent",
          children: [{ status: "completed", graph_name: "child" }],
        },
      },
    });
    expect(await command(threadId, "agent.getTree", { run_id: "other" })).toMatchObject({ error: "no_such_run" });
  });

  it("say which command is unknown and which needs a socket", async () => {
    expect(await command("any", "run.fly")).toMatchObject({
      error: "unknown_command",
      message: expect.stringContaining("run.start"),
    });
    expect(await command("any", "subscription.subscribe", { channels: ["values"] })).toMatchObject({
      error: "not_supported",
    });
  });

  it.each([
    [{ method: "state.get" }, "id"],
    [{ id: -1, method: "state.get" }, "id"],
    [{ id: 1 }, "method"],
    [{ id: 1, method: "state.get", params: [] }, "params"],
  ])("refuse %j, which is no command", async (payload, field) => {
    const response = await server.app.inject({ method: "POST", url: "/threads/any/commands", payload });
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({ errors: [{ field }] });
  });
});
