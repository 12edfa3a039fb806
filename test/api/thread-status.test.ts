import { Annotation, type LangGraphRunnableConfig, START, StateGraph, interrupt } from "@langchain/langgraph";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { TEST_GRAPHS, createGate } from "../support/test-graphs.ts";

const State = Annotation.Root({ answer: Annotation<unknown> });

/** Asks, and does with the answer what the answer says. */
const moody = new StateGraph(State)
  .addNode("ask", async (_state, config: LangGraphRunnableConfig) => {
    const answer = interrupt<string, string>("what now?");
    if (answer === "fail") throw new Error("the answer was a bad one");
    if (answer === "hang") {
      await new Promise((_, reject) => {
        config.signal?.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
      });
    }
    return { answer };
  })
  .addEdge(START, "ask")
  .compile();

const heard: string[] = [];

/** Asks, and stays with the answer "wrong" in the node behind. */
const doubting = new StateGraph(State)
  .addNode("ask", () => ({ answer: interrupt<string, string>("sure?") }))
  .addNode("hear", async ({ answer }, config: LangGraphRunnableConfig) => {
    heard.push(String(answer));
    if (answer !== "wrong") return {};
    return new Promise<never>((_, reject) => {
      config.signal?.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
    });
  })
  .addEdge(START, "ask")
  .addEdge("ask", "hear")
  .compile();

interface Shown {
  readonly thread_id: string;
  readonly run_id: string;
  readonly status: string;
  readonly interrupts: Record<string, { id: string; value: unknown }[]>;
}

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ graphs: { ...TEST_GRAPHS, moody, doubting } });
});
afterAll(() => server.close());

const call = async (method: "GET" | "POST" | "DELETE", url: string, payload?: object): Promise<Shown> =>
  (await server.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) })).json<Shown>();
const newThread = async (): Promise<string> => `/threads/${(await call("POST", "/threads", {})).thread_id}`;
const cancel = (thread: string, { run_id: id }: Shown) =>
  server.app.inject({ method: "POST", url: `${thread}/runs/${id}/cancel?wait=1` });
const pendingOf = ({ interrupts }: Shown) => Object.values(interrupts).flat();

it("stays busy when a run that waits behind another is cancelled", async () => {
  const gate = createGate("behind");
  const thread = await newThread();
  const first = await call("POST", `${thread}/runs`, { assistant_id: "behaving", input: { mode: "wait:behind" } });
  await gate.reached;
  const body = { assistant_id: "behaving", input: { mode: "x" }, multitask_strategy: "enqueue" };
  await cancel(thread, await call("POST", `${thread}/runs`, body));
  expect(await call("GET", thread)).toMatchObject({ status: "busy" });
  gate.open();
  await call("GET", `${thread}/runs/${first.run_id}/join`);
  expect(await call("GET", thread)).toMatchObject({ status: "idle" });
});

it("is left as it was by a run that never started", async () => {
  const thread = await newThread();
  await call("POST", `${thread}/runs/wait`, { assistant_id: "moody", input: {} });
  const before = await call("GET", thread);
  const delayed = await call("POST", `${thread}/runs`, { assistant_id: "moody", input: {}, after_seconds: 600 });
  expect(await call("GET", thread)).toMatchObject({ status: "busy" });
  await cancel(thread, delayed);
  expect(await call("GET", thread)).toMatchObject({ status: "interrupted", interrupts: before.interrupts });
  expect(await call("POST", `${thread}/runs/wait`, { assistant_id: "moody", command: { resume: "go" } })).toEqual({
    answer: "go",
  });
});

it("keeps its question when the run that answers it is cancelled", async () => {
  const thread = await newThread();
  await call("POST", `${thread}/runs/wait`, { assistant_id: "moody", input: {} });
  const before = await call("GET", thread);
  await cancel(thread, await call("POST", `${thread}/runs`, { assistant_id: "moody", command: { resume: "hang" } }));
  expect(await call("GET", thread)).toMatchObject({ status: "interrupted", interrupts: before.interrupts });
  const again = await call("POST", `${thread}/runs/wait`, { assistant_id: "moody", command: { resume: "go" } });
  expect(again).not.toHaveProperty("status");
});

it("asks again when the run is rolled back whose answer a node has taken", async () => {
  const thread = await newThread();
  await call("POST", `${thread}/runs/wait`, { assistant_id: "doubting", input: {} });
  const before = await call("GET", thread);
  const run = await call("POST", `${thread}/runs`, { assistant_id: "doubting", command: { resume: "wrong" } });
  await vi.waitFor(() => expect(heard).toEqual(["wrong"]), 5_000);
  const url = `${thread}/runs/${run.run_id}/cancel?wait=1&action=rollback`;
  expect((await server.app.inject({ method: "POST", url })).statusCode).toBe(204);
  expect(await call("GET", thread)).toMatchObject({ status: "interrupted", interrupts: before.interrupts });
  expect(await call("GET", `${thread}/state`)).toMatchObject({ next: ["ask"], values: {} });
  const again = { assistant_id: "doubting", command: { resume: "right" } };
  expect(await call("POST", `${thread}/runs/wait`, again)).toEqual({ answer: "right" });
  expect(heard).toEqual(["wrong", "right"]);
});

it("keeps its question when the run that answers it fails", async () => {
  const thread = await newThread();
  await call("POST", `${thread}/runs/wait`, { assistant_id: "moody", input: {} });
  const before = await call("GET", thread);
  await call("POST", `${thread}/runs/wait`, { assistant_id: "moody", command: { resume: "fail" } });
  expect(await call("GET", thread)).toMatchObject({ status: "error", interrupts: before.interrupts });
});

it("lists only the questions that are still open", async () => {
  const thread = await newThread();
  await call("POST", `${thread}/runs/wait`, { assistant_id: "two_approvals", input: {} });
  const questions = pendingOf(await call("GET", thread));
  const left = questions.find(({ value }) => value === "left?");
  const right = questions.find(({ value }) => value === "right?");
  await call("POST", `${thread}/runs/wait`, {
    assistant_id: "two_approvals",
    command: { resume: { [left?.id ?? ""]: "yes" } },
  });
  expect(pendingOf(await call("GET", thread))).toEqual([right]);
});

it("keeps a run waiting whose start is further away than a timer reaches", async () => {
  const thread = await newThread();
  const run = await call("POST", `${thread}/runs`, { assistant_id: "moody", input: {}, after_seconds: 3_000_000 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await call("GET", `${thread}/runs/${run.run_id}`)).toMatchObject({ status: "pending" });
  await cancel(thread, run);
});

it("may have any id in the form of a UUID", async () => {
  const id = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
  expect(await call("POST", "/threads", { thread_id: id })).toMatchObject({ thread_id: id });
});

it("leaves no checkpoint behind when it is deleted in the middle of a run", async () => {
  const gate = createGate("deleted");
  const thread = await newThread();
  await call("POST", `${thread}/runs`, { assistant_id: "behaving", input: { mode: "hang:deleted" } });
  await gate.reached;
  expect((await server.app.inject({ method: "DELETE", url: thread })).statusCode).toBe(204);
  const [, , threadId = ""] = thread.split("/");
  expect(await server.checkpointer.saver.getTuple({ configurable: { thread_id: threadId } })).toBeUndefined();
});

it("has a history that can be filtered by any metadata, and never fails for it", async () => {
  const thread = await newThread();
  await call("POST", `${thread}/runs/wait`, { assistant_id: "two_nodes", input: {}, metadata: { "a.b c": "x" } });
  const count = async (metadata: object): Promise<number> => {
    const answer = await server.app.inject({ method: "POST", url: `${thread}/history`, payload: { metadata } });
    expect(answer.statusCode).toBe(200);
    return answer.json<unknown[]>().length;
  };
  expect(await count({ "a.b c": "x" })).toBe(4);
  for (const metadata of [{ "": 1 }, { '"': 1 }, { "a[": 1 }, { "a.b c": ["x"] }])
    expect(await count(metadata)).toBe(0);
});
