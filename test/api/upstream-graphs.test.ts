import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { loadGraphRegistry, readLanggraphConfig } from "../../server/graph-registry.ts";
import { type TestApp, startTestApp } from "../support/test-app.ts";
import { SDKS, collect } from "./clients.ts";

/** Graphs as people write them for LangGraph, loaded from a `langgraph.json` of their own. */
const FILE = path.join(import.meta.dirname, "../fixtures/upstream/langgraph.json");

let server: TestApp;

beforeAll(async () => {
  const graphs = await loadGraphRegistry(await readLanggraphConfig(FILE));
  server = await startTestApp({ isListening: true, options: { graphs } });
});
afterAll(() => server.close());

describe.each(SDKS)("$name", ({ name, connect }) => {
  const client = () => connect(server.url);

  interface Wanted {
    readonly input: Record<string, unknown>;
    readonly config?: { readonly configurable: Record<string, unknown> };
    readonly mode: "updates" | "custom" | "values" | "messages-tuple";
  }

  /** One stream with the events of subgraphs: what came, in order, without ids. */
  const streamed = async (graph: string, { input, config = { configurable: {} }, mode }: Wanted) => {
    const stream = client().runs.stream(null, graph, { input, config, streamMode: [mode], streamSubgraphs: true });
    const events = await collect<{ event: string; data: unknown }>(stream);
    expect(events.filter(({ event }) => event.startsWith("error"))).toEqual([]);
    return events
      .filter(({ event }) => event.startsWith(mode === "messages-tuple" ? "messages" : mode))
      .map(({ event, data }) => ({ event: event.replaceAll(/:[0-9a-f-]{36}/g, ""), data }));
  };

  it("runs a graph that calls tools until it has its answer", async () => {
    const input = { messages: [{ role: "user", content: "weather?" }] };
    const values = await client().runs.wait(null, "agent", { input });
    expect(values).toMatchObject({
      messages: [
        { type: "human" },
        { type: "ai", tool_calls: [{ name: "weather", args: { city: "Lund" } }] },
        { type: "tool", content: "sunny", tool_call_id: "call-1" },
        { type: "ai", content: "It is sunny." },
      ],
    });
    const events = await streamed("agent", { input, mode: "updates" });
    expect(events.flatMap(({ data }) => Object.keys(data as object))).toEqual(["model", "tools", "model"]);
    const { input_schema: schema } = await client().assistants.getSchemas("agent");
    expect(schema).toMatchObject({ properties: { messages: { langgraph_type: "messages" } } });
  });

  it("runs a workflow of tasks that waits for a person and knows what it said before", async () => {
    const { thread_id: threadId } = await client().threads.create();
    for (const drafts of [1, 2]) {
      const asked = await client().runs.wait(threadId, "functional", { input: { topic: "cats" } });
      expect(asked).toMatchObject({ __interrupt__: [{ value: { essay: "An essay about cats" } }] });
      const done = await client().runs.wait(threadId, "functional", { command: { resume: "good" } });
      expect(done).toEqual({ essay: "An essay about cats", scores: [19, 20], review: "good", drafts });
    }
    const events = await streamed("functional", { input: { topic: "dogs" }, mode: "updates" });
    expect(events.flatMap(({ data }) => Object.keys(data as object))).toEqual([
      "write",
      "score",
      "score",
      "__interrupt__",
    ]);
  });

  it("streams what subgraphs of subgraphs do, under their names", async () => {
    const input = { topic: "bees" };
    expect(await client().runs.wait(null, "research", { input })).toMatchObject({ topic: "bees" });
    const events = await streamed("research", { input, mode: "updates" });
    expect(events.map(({ event, data }) => `${event} ${Object.keys(data as object).join()}`)).toEqual([
      "updates plan",
      "updates|outline|details dig",
      "updates|outline details",
      "updates outline",
      "updates write",
    ]);
    expect(Object.keys(await client().assistants.getSubgraphs("research", { recurse: true }))).toEqual([
      "outline",
      "outline|details",
    ]);
  });

  it("fans out with Send and joins what came back", async () => {
    const input = { subjects: ["cat", "ant", "bee"] };
    const values = await client().runs.wait(null, "map_reduce", { input });
    expect(values).toMatchObject({ best: "A ant walks into a bar" });
    expect(await streamed("map_reduce", { input, mode: "updates" })).toHaveLength(4);
  });

  it("waits for several answers at once, one of them two deep, and takes them by id in any order", async () => {
    const { thread_id: threadId } = await client().threads.create();
    await client().runs.wait(threadId, "approvals", { input: {} });
    const pending = async () => {
      const { interrupts } = await client().threads.get(threadId);
      const asked = Object.values(interrupts).flat() as { id: string; value: { question: string } }[];
      return new Map(asked.map(({ id, value }) => [value.question, id]));
    };
    const first = await pending();
    expect([...first.keys()].sort()).toEqual(["first inner?", "left?", "right?"]);
    const resume = { [first.get("right?") ?? ""]: "R", [first.get("first inner?") ?? ""]: "1" };
    await client().runs.wait(threadId, "approvals", { command: { resume } });
    const second = await pending();
    expect([...second.keys()].sort()).toEqual(["left?", "second inner?"]);
    const rest = { [second.get("left?") ?? ""]: "L", [second.get("second inner?") ?? ""]: "2" };
    const values = await client().runs.wait(threadId, "approvals", { command: { resume: rest } });
    expect(values).toEqual({
      answers: { left: "L", right: "R", inner: ["1", "2"], asked: ["inner", "left", "right"] },
    });
    expect(await client().threads.get(threadId)).toMatchObject({ status: "idle", interrupts: {} });
  });

  it("keeps what nodes put into the store, for every thread and for the client", async () => {
    const user = name.replaceAll(/\W/g, "_");
    await client().runs.wait(null, "memory", { input: { user, fact: "likes tea" } });
    const values = await client().runs.wait(null, "memory", { input: { user, fact: "has a dog" } });
    expect(values).toMatchObject({ known: ["has a dog", "likes tea"] });
    const { items } = await client().store.searchItems(["facts", user]);
    expect(items.map(({ key }) => key).sort()).toEqual(["has a dog", "likes tea"]);
  });

  it("streams what nodes, tasks and subgraphs write themselves, in order", async () => {
    const events = await streamed("progress", { input: { steps: 2 }, mode: "custom" });
    expect(events).toEqual([
      { event: "custom", data: { phase: "start", step: 1 } },
      { event: "custom|work", data: { phase: "unpack", step: 1 } },
      { event: "custom", data: { phase: "start", step: 2 } },
      { event: "custom|work", data: { phase: "unpack", step: 2 } },
      { event: "custom|inner", data: { phase: "finish", done: 2 } },
    ]);
  });

  it("calls a factory with the config of the run", async () => {
    const config = { configurable: { tenant: "acme" } };
    const [update] = await streamed("factory", { input: {}, config, mode: "updates" });
    expect(update).toMatchObject({ data: { greet_acme: { messages: [{ content: "hello acme" }] } } });
    const values = await client().runs.wait(null, "factory", { input: {} });
    expect(values).toMatchObject({ messages: [{ type: "ai", content: "hello anyone" }] });
    const assistant = await client().assistants.create({ graphId: "factory", config });
    const graph = await client().assistants.getGraph(assistant.assistant_id);
    expect(graph.nodes.map(({ id }) => id)).toContain("greet_acme");
    expect(await client().runs.wait(null, assistant.assistant_id, { input: {} })).toMatchObject({
      messages: [{ content: "hello acme" }],
    });
  });

  it.each([
    { amount: 5, taken: ["judged", "clerk"] },
    { amount: 500, taken: ["judged", "manager", "clerk"] },
  ])("goes where a node of a subgraph sends it: $taken", async ({ amount, taken }) => {
    expect(await client().runs.wait(null, "router", { input: { amount } })).toEqual({ amount, path: taken });
    const events = await streamed("router", { input: { amount }, mode: "values" });
    expect(events.at(-1)).toMatchObject({ event: "values", data: { path: taken } });
  });

  it("draws every graph and names its schemas", async () => {
    const assistants = await client().assistants.search({ metadata: { created_by: "system" }, limit: 50 });
    expect(assistants).toHaveLength(9);
    for (const { assistant_id: id, graph_id: graphId } of assistants) {
      const graph = await client().assistants.getGraph(id, { xray: true });
      // A workflow has no nodes of its own: LangGraph draws it as one step between input and output.
      if (graphId === "functional") expect(graph.nodes).toHaveLength(3);
      else expect(graph.nodes.map((node) => node.id)).toContain("__start__");
      expect(await client().assistants.getSchemas(id)).toMatchObject({ state_schema: expect.any(Object) });
    }
  });
});
