import { GraphInterrupt } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { collect } from "./clients.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true });
});
afterAll(() => server.close());

const remote = (graphId: string): RemoteGraph => new RemoteGraph({ graphId, url: server.url });

describe("RemoteGraph of langgraph 1.7", () => {
  it("invokes a graph", async () => {
    expect(await remote("two_nodes").invoke({ log: ["a"] })).toEqual({ log: ["a", "first", "second"] });
  });

  it("streams updates with the namespaces of subgraphs", async () => {
    const stream = await remote("parent").stream({ log: [] }, { streamMode: "updates", subgraphs: true });
    const chunks = (await collect(stream)) as [string[], Record<string, unknown>][];
    expect(chunks.map(([namespace, update]) => [namespace.length, Object.keys(update)[0]])).toEqual([
      [0, "before"],
      [1, "inner"],
      [0, "child"],
    ]);
  });

  it("raises an interrupt, shows it in the state, and goes on after an update", async () => {
    const graph = remote("approval");
    const config = { configurable: { thread_id: crypto.randomUUID() } };
    await expect(graph.invoke({}, config)).rejects.toBeInstanceOf(GraphInterrupt);
    const state = await graph.getState(config);
    expect(state.next).toEqual(["ask"]);
    expect(state.tasks[0]?.interrupts).toMatchObject([{ value: { question: "go on?" } }]);
    const written = await graph.updateState(config, { answers: ["by hand"] }, "ask");
    expect(written.configurable).toMatchObject({ checkpoint_id: expect.any(String) });
    const history = await collect(graph.getStateHistory(config));
    expect(history.length).toBeGreaterThan(1);
    expect(await graph.invoke(null, config)).toEqual({ answers: ["by hand", "done"] });
  });

  it("raises the failure of a run", async () => {
    await expect(remote("behaving").invoke({ mode: "fail" })).rejects.toThrow("the node broke");
  });

  it("draws the graph", async () => {
    const drawable = await remote("two_nodes").getGraphAsync();
    expect(Object.keys(drawable.nodes)).toEqual(["__start__", "first", "second", "__end__"]);
  });
});
