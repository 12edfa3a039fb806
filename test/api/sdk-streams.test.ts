import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { uuid5 } from "../../lib/ids.ts";
import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";
import { SDKS, collect, originOf } from "./clients.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true });
});
afterAll(() => server.close());

describe.each(SDKS)("$name", ({ name, connect }) => {
  const gateName = (text: string): string => `${name} ${text}`;

  it("finds the assistant of every graph and gets it by graph id", async () => {
    const client = connect(server.url);
    const found = await client.assistants.search({ metadata: { created_by: "system" }, limit: 100 });
    expect(found.map((assistant) => assistant.graph_id)).toContain("two_nodes");
    const assistant = await client.assistants.get("two_nodes");
    expect(assistant.assistant_id).toBe(uuid5("two_nodes", "6ba7b821-9dad-11d1-80b4-00c04fd430c8"));
    expect(assistant).toMatchObject({ name: "two_nodes", metadata: { created_by: "system" }, version: 1 });
  });

  it("draws a graph and describes its schemas", async () => {
    const client = connect(server.url);
    const graph = await client.assistants.getGraph("two_nodes");
    expect(graph.nodes.map((node) => node.id)).toEqual(["__start__", "first", "second", "__end__"]);
    const schemas = await client.assistants.getSchemas("echo");
    expect(schemas.input_schema).toMatchObject({ properties: { messages: { langgraph_type: "messages" } } });
    const subgraphs = await client.assistants.getSubgraphs("parent", { recurse: true });
    expect(Object.keys(subgraphs)).toEqual(["child"]);
  });

  it("creates, changes, counts and deletes an assistant that runs with its config", async () => {
    const client = connect(server.url);
    const created = await client.assistants.create({
      graphId: "behaving",
      name: "mine",
      config: { configurable: { colour: "blue" } },
      metadata: { owner: name },
    });
    const changed = await client.assistants.update(created.assistant_id, { name: "ours" });
    expect(changed).toMatchObject({ name: "ours", version: 2, metadata: { owner: name } });
    expect(await client.assistants.count({ metadata: { owner: name } })).toBe(1);
    const values = await client.runs.wait(null, created.assistant_id, { input: { mode: "config" } });
    expect(values).toMatchObject({ result: { configurable: { colour: "blue", graph_id: "behaving" } } });
    await client.assistants.delete(created.assistant_id);
    await expect(client.assistants.get(created.assistant_id)).rejects.toThrow("Assistant not found");
  });

  it("waits for a stateless run", async () => {
    const values = await connect(server.url).runs.wait(null, "two_nodes", { input: { log: ["start"] } });
    expect(values).toEqual({ log: ["start", "first", "second"] });
  });

  it("streams metadata first, then values after every step, then the end", async () => {
    const client = connect(server.url);
    const events = await collect(client.runs.stream(null, "two_nodes", { input: { log: ["start"] } }));
    expect(events.map(({ event }) => event)).toEqual(["metadata", "values", "values", "values", "end"]);
    expect(events[0]?.data).toMatchObject({ run_id: expect.any(String), thread_id: expect.any(String), attempt: 1 });
    expect(events.at(-2)?.data).toEqual({ log: ["start", "first", "second"] });
  });

  it("tells the run id as soon as the run exists", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    const created: unknown[] = [];
    const events = await collect(
      client.runs.stream(threadId, "two_nodes", { input: {}, onRunCreated: (run) => void created.push(run) }),
    );
    expect(created).toEqual([{ run_id: originOf(events).run_id, thread_id: threadId }]);
  });

  it("streams updates, tasks, checkpoints and debug under their names", async () => {
    const client = connect(server.url);
    const { thread_id: threadId } = await client.threads.create();
    const events = await collect(
      client.runs.stream(threadId, "two_nodes", {
        input: {},
        streamMode: ["updates", "tasks", "checkpoints", "debug"],
      }),
    );
    const of = (wanted: string) => events.filter(({ event }) => event === wanted).map(({ data }) => data);
    expect(of("updates")).toEqual([{ first: { log: ["first"] } }, { second: { log: ["second"] } }]);
    expect(of("tasks")[0]).toMatchObject({ name: "first", triggers: expect.any(Array) });
    expect(of("checkpoints").at(-1)).toMatchObject({
      next: [],
      values: { log: ["first", "second"] },
      checkpoint: { thread_id: threadId, checkpoint_ns: "" },
      parent_checkpoint: { thread_id: threadId },
      config: { configurable: { thread_id: threadId } },
      parent_config: { configurable: { thread_id: threadId } },
    });
    expect(of("debug").map((data) => (data as { type: string }).type)).toContain("task_result");
    expect(of("values")).toEqual([]);
    expect(JSON.stringify(events)).not.toMatch(/"__pregel_\w+":/);
  });

  it("streams message chunks as tuples", async () => {
    const client = connect(server.url);
    const events = await collect(
      client.runs.stream(null, "chat", {
        input: { messages: [{ role: "user", content: "hi" }] },
        streamMode: "messages-tuple",
      }),
    );
    const tuples = events
      .filter(({ event }) => event === "messages")
      .map(({ data }) => data as unknown as [{ content: string; type: string }, { langgraph_node: string }]);
    expect(tuples.map(([chunk]) => chunk.content).join("")).toBe("hello out there");
    expect(new Set(tuples.map(([chunk]) => chunk.type))).toEqual(new Set(["ai"]));
    expect(tuples[0]?.[1]).toMatchObject({ langgraph_node: "model", graph_id: "chat" });
  });

  it("streams the older messages mode as metadata, partial and complete", async () => {
    const client = connect(server.url);
    const events = await collect(
      client.runs.stream(null, "chat", {
        input: { messages: [{ type: "human", content: "hi" }] },
        streamMode: "messages",
      }),
    );
    const names = events.map(({ event }) => event as string);
    expect(names.slice(0, 4)).toEqual(["metadata", "messages/complete", "messages/metadata", "messages/partial"]);
    const partials = events.filter(({ event }) => (event as string) === "messages/partial");
    expect(partials.at(-1)?.data).toMatchObject([{ content: "hello out there", type: "ai" }]);
  });

  it("streams custom data and callback events", async () => {
    const client = connect(server.url);
    const events = await collect(
      client.runs.stream(null, "behaving", { input: { mode: "custom" }, streamMode: ["custom", "events"] }),
    );
    expect(events.filter(({ event }) => event === "custom").map(({ data }) => data)).toEqual([
      { step: 1 },
      { step: 2 },
      { step: 3 },
    ]);
    const records = events.filter(({ event }) => event === "events").map(({ data }) => data as { event: string });
    expect(records.map((record) => record.event)).toContain("on_chain_start");
  });

  it("names the subgraph an event comes from", async () => {
    const client = connect(server.url);
    const events = await collect(
      client.runs.stream(null, "parent", { input: {}, streamMode: "updates", streamSubgraphs: true }),
    );
    const inner = events.find(({ event }) => /^updates\|child:[0-9a-f-]{36}$/.test(event));
    expect(inner?.data).toEqual({ inner: { log: ["inner"] } });
    const flat = await collect(client.runs.stream(null, "parent", { input: {}, streamMode: "updates" }));
    expect(flat.map(({ event }) => event)).toEqual(["metadata", "updates", "updates", "end"]);
  });

  it("joins a run's stream from any event, for several readers at once", async () => {
    const client = connect(server.url);
    const gate = createGate(gateName("join"));
    const { thread_id: threadId } = await client.threads.create();
    const run = await client.runs.create(threadId, "behaving", {
      input: { mode: `wait:${gateName("join")}` },
      streamResumable: true,
    });
    await gate.reached;
    const readers = [1, 2, 3].map(() => collect(client.runs.joinStream(threadId, run.run_id, { lastEventId: "-1" })));
    gate.open();
    const [first, ...others] = await Promise.all(readers);
    expect(first?.map(({ event }) => event)).toEqual(["metadata", "values", "values", "end"]);
    for (const other of others) expect(other).toEqual(first);
    const rest = await collect(client.runs.joinStream(threadId, run.run_id, { lastEventId: "1" }));
    expect(rest).toEqual(first?.slice(2));
    const live = await collect(client.runs.joinStream(threadId, run.run_id));
    expect(live).toEqual([]);
  });

  it("shows what has no JSON form without failing", async () => {
    const client = connect(server.url);
    expect(await client.runs.wait(null, "behaving", { input: { mode: "bigint" } })).toMatchObject({
      result: { big: "12345678901234567890" },
    });
    expect(await client.runs.wait(null, "behaving", { input: { mode: "circular" } })).toMatchObject({
      result: { name: "loop", self: "[circular]" },
    });
  });
});
