import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";
import { SDKS, collect, originOf } from "./clients.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true });
});
afterAll(() => server.close());

/** The server's own word; the SDK declares others. */
const KEEP = { onCompletion: "keep" };

describe.each(SDKS)("$name", ({ name, connect }) => {
  const gateName = (text: string): string => `${name} ${text}`;

  it("runs factories, builders, fan-out and the functional API", async () => {
    const client = connect(server.url);
    const greeted = await client.runs.wait(null, "configured", {
      input: { messages: [] },
      config: { configurable: { greeting: "you" } },
    });
    expect(greeted).toMatchObject({ messages: [{ content: "for you", type: "human" }] });
    expect(await client.runs.wait(null, "fan_out", { input: {} })).toEqual({ log: ["worked on a", "worked on b"] });
    expect(await client.runs.wait(null, "doubled", { input: { value: 21 } })).toEqual({ value: 42 });
  });

  it("reads state, schemas and drawing of a graph that is made anew for every config", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, "per_tenant", { input: {}, config: { configurable: { tenant: "ann" } } });
    expect(await client.threads.getState(threadId)).toMatchObject({ values: { log: ["for ann"] }, next: [] });
    expect((await client.threads.get(threadId)) as unknown).toMatchObject({
      config: { configurable: { tenant: "ann" } },
    });
    const { nodes } = await client.assistants.getGraph("per_tenant");
    expect(nodes.map(({ id }) => id)).toContain("node_nobody");
    expect(await client.assistants.getSchemas("per_tenant")).toMatchObject({ graph_id: "per_tenant" });
    await expect(
      client.runs.wait(null, "per_tenant", { input: {}, config: { configurable: { tenant: "" } } }),
    ).rejects.toThrow("no such tenant");
    const refusing = await client.assistants.create({
      graphId: "per_tenant",
      config: { configurable: { tenant: "" } },
    });
    await expect(client.assistants.getGraph(refusing.assistant_id)).rejects.toThrow(/HTTP 422.*no such tenant/);
  });

  it("describes subgraphs in the shape of the SDK", async () => {
    const subgraphs = await connect(server.url).assistants.getSubgraphs("parent");
    expect(Object.keys(subgraphs)).toEqual(["child"]);
    expect(subgraphs["child"]).toMatchObject({ input_schema: { type: "object" }, state_schema: { type: "object" } });
  });

  it("passes context and config to the graph", async () => {
    const values = await connect(server.url).runs.wait(null, "behaving", {
      input: { mode: "config" },
      context: { tenant: "a" },
      config: { configurable: { colour: "red" } },
    });
    expect(values).toMatchObject({ result: { context: { tenant: "a" }, configurable: { colour: "red" } } });
    expect(JSON.stringify(values)).not.toContain("x-api-key");
  });

  it("raises the error of a failed run from wait, and streams it", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    await expect(client.runs.wait(threadId, "behaving", { input: { mode: "fail" } })).rejects.toThrow(
      "RangeError: the node broke",
    );
    expect(await client.threads.get(threadId)).toMatchObject({
      status: "error",
      error: { error: "RangeError", message: "the node broke" },
    });
    const events = await collect(client.runs.stream(threadId, "behaving", { input: { mode: "fail" } }));
    expect(events.at(-1)).toMatchObject({
      event: "error",
      data: { error: "RangeError", message: "the node broke" },
    });
  });

  it("cancels a run that hangs, through the graph's signal", async () => {
    const client = connect(server.url);
    const gate = createGate(gateName("cancel"));
    const { thread_id: threadId } = await client.threads.create();
    const run = await client.runs.create(threadId, "behaving", { input: { mode: `hang:${gateName("cancel")}` } });
    expect(run).toMatchObject({ status: "pending", thread_id: threadId, kwargs: { stream_mode: ["values"] } });
    await gate.reached;
    expect((await client.threads.get(threadId)).status).toBe("busy");
    await client.runs.cancel(threadId, run.run_id, true);
    expect(await client.runs.get(threadId, run.run_id)).toMatchObject({ status: "interrupted" });
    expect((await client.threads.get(threadId)).status).toBe("idle");
  });

  it("rolls a run back: neither the run nor its checkpoints remain", async () => {
    const client = connect(server.url);
    const gate = createGate(gateName("rollback"));
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, "behaving", { input: { mode: "kept" } });
    const before = await client.threads.getHistory(threadId);
    const run = await client.runs.create(threadId, "behaving", { input: { mode: `hang:${gateName("rollback")}` } });
    await gate.reached;
    await client.runs.cancel(threadId, run.run_id, true, "rollback");
    await expect(client.runs.get(threadId, run.run_id)).rejects.toThrow("Run not found");
    expect(await client.threads.getHistory(threadId)).toEqual(before);
    expect(await client.threads.get(threadId)).toMatchObject({ status: "idle", values: { result: "kept" } });
  });

  it("rejects, queues or replaces a run on a busy thread", async () => {
    const client = connect(server.url);
    const gate = createGate(gateName("busy"));
    const { thread_id: threadId } = await client.threads.create();
    const first = await client.runs.create(threadId, "behaving", { input: { mode: `wait:${gateName("busy")}` } });
    await gate.reached;
    await expect(client.runs.create(threadId, "behaving", { input: { mode: "no" } })).rejects.toThrow(
      "Thread is already running a task. Wait for it to finish or choose a different multitask strategy.",
    );
    const queued = await client.runs.create(threadId, "behaving", {
      input: { mode: "queued" },
      multitaskStrategy: "enqueue",
    });
    expect((await client.runs.get(threadId, queued.run_id)).status).toBe("pending");
    gate.open();
    expect(await client.runs.join(threadId, queued.run_id)).toMatchObject({ result: "queued" });
    expect((await client.runs.get(threadId, first.run_id)).status).toBe("success");

    const hanging = createGate(gateName("replaced"));
    const replaced = await client.runs.create(threadId, "behaving", {
      input: { mode: `hang:${gateName("replaced")}` },
    });
    await hanging.reached;
    const values = await client.runs.wait(threadId, "behaving", {
      input: { mode: "new" },
      multitaskStrategy: "interrupt",
    });
    expect(values).toMatchObject({ result: "new" });
    expect((await client.runs.get(threadId, replaced.run_id)).status).toBe("interrupted");
    expect((await client.threads.get(threadId)).status).toBe("idle");
  });

  it("creates the thread when asked to, and lists its runs newest first", async () => {
    const client = connect(server.url);
    const threadId = crypto.randomUUID();
    await expect(client.runs.wait(threadId, "two_nodes", { input: {} })).rejects.toThrow("Thread not found");
    await client.runs.wait(threadId, "two_nodes", { input: {}, ifNotExists: "create" });
    await client.runs.wait(threadId, "two_nodes", { input: {} });
    const runs = await client.runs.list(threadId);
    expect(runs).toHaveLength(2);
    expect(runs.map(({ created_at }) => created_at)).toEqual(
      runs
        .map(({ created_at }) => created_at)
        .sort()
        .reverse(),
    );
    const selected = await client.runs.list(threadId, { limit: 1, status: "success" });
    expect(selected.map(({ run_id }) => run_id)).toEqual([runs[0]?.run_id]);
    await client.runs.delete(threadId, runs[0]?.run_id ?? "");
    expect(await client.runs.list(threadId)).toHaveLength(1);
  });

  it("starts a batch of stateless runs", async () => {
    const client = connect(server.url);
    const runs = await client.runs.createBatch([
      { assistantId: "two_nodes", input: {}, streamMode: ["updates"] },
      { assistantId: "two_nodes", input: {}, multitaskStrategy: "enqueue" },
    ]);
    expect(runs).toHaveLength(2);
    expect(runs[0]).toMatchObject({ kwargs: { stream_mode: ["updates"] } });
    expect(runs[1]).toMatchObject({ multitask_strategy: "enqueue" });
  });

  it("keeps a stateless run's thread when asked to", async () => {
    const client = connect(server.url);
    const events = await collect(client.runs.stream(null, "two_nodes", { input: {}, ...KEEP }));
    const { thread_id: threadId } = originOf(events);
    expect(await client.threads.get(threadId)).toMatchObject({ status: "idle", metadata: { graph_id: "two_nodes" } });
    const dropped = await collect(client.runs.stream(null, "two_nodes", { input: {} }));
    const { thread_id: gone } = originOf(dropped);
    await expect(client.threads.get(gone)).rejects.toThrow("Thread not found");
  });
});
