import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { SDKS, collect } from "./clients.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true });
});
afterAll(() => server.close());

describe.each(SDKS)("$name", ({ name, connect }) => {
  it("keeps a conversation on a thread, with state and history", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create({ metadata: { topic: name } });
    await client.runs.wait(threadId, "echo", { input: { messages: [{ role: "user", content: "one" }] } });
    await client.runs.wait(threadId, "echo", { input: { messages: [{ role: "user", content: "two" }] } });
    const state = await client.threads.getState<{ messages: { content: string; type: string }[] }>(threadId);
    expect(state.values.messages.map(({ content, type }) => `${type}: ${content}`)).toEqual([
      "human: one",
      "ai: you said: one",
      "human: two",
      "ai: you said: two",
    ]);
    expect(state.next).toEqual([]);
    const history = await client.threads.getHistory(threadId, { limit: 3 });
    expect(history).toHaveLength(3);
    expect(history[0]?.checkpoint.checkpoint_id).toBe(state.checkpoint.checkpoint_id);
    expect(history[0]?.parent_checkpoint?.checkpoint_id).toBe(history[1]?.checkpoint.checkpoint_id);
    const earlier = await client.threads.getHistory(threadId, {
      limit: 1,
      before: { configurable: { checkpoint_id: history[0]?.checkpoint.checkpoint_id } },
    });
    expect(earlier[0]?.checkpoint.checkpoint_id).toBe(history[1]?.checkpoint.checkpoint_id);
    const thread = await client.threads.get(threadId);
    expect(thread).toMatchObject({ status: "idle", metadata: { topic: name, graph_id: "echo" } });
    expect(thread.values).toMatchObject({ messages: expect.any(Array) });
  });

  it("filters history by the run that wrote it", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, "two_nodes", { input: {} });
    await client.runs.wait(threadId, "two_nodes", { input: {} });
    const [latest] = await client.runs.list(threadId);
    const all = await client.threads.getHistory(threadId, { limit: 100 });
    const own = await client.threads.getHistory(threadId, { limit: 100, metadata: { run_id: latest?.run_id } });
    expect(own).toHaveLength(all.length / 2);
  });

  it("forks from an earlier checkpoint and updates the state", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, "two_nodes", { input: { log: ["a"] } });
    const history = await client.threads.getHistory<{ log: string[] }>(threadId);
    const middle = history.find((state) => state.next.includes("second"));
    const forked = await client.runs.wait(threadId, "two_nodes", {
      input: null,
      checkpointId: middle?.checkpoint.checkpoint_id ?? "",
    });
    expect(forked).toEqual({ log: ["a", "first", "second"] });
    const updated = await client.threads.updateState(threadId, { values: { log: ["by hand"] }, asNode: "second" });
    const { checkpoint } = updated as unknown as { checkpoint: { thread_id: string; checkpoint_id: string } };
    expect(checkpoint.thread_id).toBe(threadId);
    const state = await client.threads.getState<{ log: string[] }>(threadId, checkpoint.checkpoint_id);
    expect(state.values.log.at(-1)).toBe("by hand");
    expect((await client.threads.get(threadId)).values).toMatchObject({ log: ["a", "first", "second", "by hand"] });
  });

  it("keeps the history when the checkpoint to fork from is not there", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, "two_nodes", { input: { log: ["a"] } });
    const checkpointId = "1f0c8a5e-7d2b-6b3c-8001-9a4e5f6c7d80";
    for (const from of [{ checkpointId }, { checkpoint: { checkpoint_id: checkpointId, checkpoint_ns: "" } }]) {
      const update = { values: { log: ["lost"] }, asNode: "second", ...from };
      await expect(client.threads.updateState(threadId, update as { values: object })).rejects.toThrow("HTTP 404: ");
    }
    const { values } = await client.threads.getState<{ log: string[] }>(threadId);
    expect(values.log).toEqual(["a", "first", "second"]);
  });

  it("stops at an interrupt, shows it everywhere, and resumes by value", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    const events = await collect(
      client.runs.stream(threadId, "approval", { input: {}, streamMode: ["values", "updates"] }),
    );
    const raised = [{ id: expect.any(String), value: { question: "go on?" } }];
    expect(events.filter(({ event }) => event === "updates").map(({ data }) => data)).toEqual([
      { __interrupt__: raised },
    ]);
    expect(events.filter(({ event }) => event === "values").at(-1)?.data).toEqual({ __interrupt__: raised });
    const thread = await client.threads.get(threadId);
    expect(thread.status).toBe("interrupted");
    expect(Object.values(thread.interrupts)).toEqual([raised]);
    const state = await client.threads.getState(threadId);
    expect(state.next).toEqual(["ask"]);
    expect(state.tasks[0]).toMatchObject({ id: Object.keys(thread.interrupts)[0], name: "ask", interrupts: raised });
    const [run] = await client.runs.list(threadId);
    expect(run?.status).toBe("interrupted");

    const values = await client.runs.wait(threadId, "approval", { command: { resume: "yes" } });
    expect(values).toEqual({ answers: ["yes", "done"] });
    expect(await client.threads.get(threadId)).toMatchObject({ status: "idle", interrupts: {} });
  });

  it("waits with all interrupts and resumes them by id", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    const stopped = (await client.runs.wait(threadId, "two_approvals", { input: {} })) as {
      __interrupt__: { id: string; value: string }[];
    };
    expect(stopped.__interrupt__.map(({ value }) => value).sort()).toEqual(["left?", "right?"]);
    const resume = Object.fromEntries(stopped.__interrupt__.map(({ id, value }) => [id, value.toUpperCase()]));
    const values = await client.runs.wait(threadId, "two_approvals", { command: { resume } });
    expect(values).toEqual({ answers: [{ left: "LEFT?" }, { right: "RIGHT?" }] });
  });

  it("resumes an interrupt inside a subgraph", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    const stopped = await client.runs.wait(threadId, "parent_of_approval", { input: {} });
    expect(stopped).toMatchObject({ __interrupt__: [{ value: "inner?" }] });
    const state = await client.threads.getState(threadId, undefined, { subgraphs: true });
    expect(state.tasks[0]).toMatchObject({ name: "child", state: { next: ["ask"] } });
    const values = await client.runs.wait(threadId, "parent_of_approval", { command: { resume: 7 } });
    expect(values).toEqual({ answers: [7] });
  });

  it("stops before and after named nodes and goes on", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, "two_nodes", { input: {}, interruptBefore: ["second"] });
    expect(await client.threads.get(threadId)).toMatchObject({ status: "interrupted", values: { log: ["first"] } });
    expect((await client.threads.getState(threadId)).next).toEqual(["second"]);
    expect(await client.runs.wait(threadId, "two_nodes", { input: null })).toEqual({ log: ["first", "second"] });
    await client.runs.wait(threadId, "two_nodes", { input: {}, interruptAfter: "*" });
    expect((await client.threads.getState(threadId)).next).toEqual(["second"]);
  });

  it("goes to a node and updates the state by command", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    const values = await client.runs.wait(threadId, "two_nodes", {
      command: { update: { log: ["by command"] }, goto: "second" },
    });
    expect(values).toEqual({ log: ["by command", "second"] });
    const sent = await client.runs.wait(threadId, "fan_out", {
      command: { goto: [{ node: "worker", input: { input: "mine" } }] },
    });
    expect((sent as { log: string[] }).log).toContain("worked on mine");
  });

  it("searches, counts, patches, copies and deletes threads", async () => {
    const client = connect(server.url);
    const tag = crypto.randomUUID();
    const created = [];
    for (const index of [0, 1, 2]) created.push(await client.threads.create({ metadata: { tag, deep: { index } } }));
    expect(await client.threads.count({ metadata: { tag } })).toBe(3);
    const page = await client.threads.search({ metadata: { tag }, limit: 2, sortBy: "created_at", sortOrder: "asc" });
    expect(page).toHaveLength(2);
    const one = await client.threads.search({ metadata: { tag, deep: { index: 2 } } });
    expect(one.map(({ thread_id }) => thread_id)).toEqual([created[2]?.thread_id]);
    const threadId = created[0]?.thread_id ?? "";
    expect(await client.threads.update(threadId, { metadata: { more: 1 } })).toMatchObject({
      metadata: { tag, more: 1 },
    });
    await client.runs.wait(threadId, "two_nodes", { input: {} });
    const copy = (await client.threads.copy(threadId)) as unknown as { thread_id: string };
    expect((await client.threads.getState(copy.thread_id)).values).toEqual({ log: ["first", "second"] });
    await client.threads.delete(threadId);
    await expect(client.threads.get(threadId)).rejects.toThrow("Thread not found");
    expect((await client.threads.getState(copy.thread_id)).values).toEqual({ log: ["first", "second"] });
  });

  it("builds a thread from supersteps and refuses to create it twice", async () => {
    const client = connect(server.url);
    const threadId = crypto.randomUUID();
    await client.threads.create({
      threadId,
      graphId: "two_nodes",
      supersteps: [
        { updates: [{ values: { log: ["given"] }, asNode: "__start__" }] },
        { updates: [{ values: { log: ["first"] }, asNode: "first" }] },
      ],
    });
    expect((await client.threads.getState(threadId)).values).toEqual({ log: ["given", "first"] });
    await expect(client.threads.create({ threadId })).rejects.toThrow("Thread already exists");
    expect(await client.threads.create({ threadId, ifExists: "do_nothing" })).toMatchObject({ thread_id: threadId });
  });
});
