import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { SDKS } from "./clients.ts";

const State = Annotation.Root({ log: Annotation<string> });
const step = () => ({ log: "step" });

// LangGraph draws a subgraph as one node when it has only one.
const inner = new StateGraph(State)
  .addNode("deep_one", step)
  .addNode("deep_two", step)
  .addEdge(START, "deep_one")
  .addEdge("deep_one", "deep_two")
  .compile();
const middle = new StateGraph(State)
  .addNode("shallow", step)
  .addNode("inner", inner)
  .addEdge(START, "shallow")
  .addEdge("shallow", "inner")
  .compile();
const outer = new StateGraph(State).addNode("middle", middle).addEdge(START, "middle").compile();

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true, graphs: { outer } });
});
afterAll(() => server.close());

describe.each(SDKS)("drawing a graph with $name", ({ connect }) => {
  const all = ["__start__", "middle:shallow", "middle:inner:deep_one", "middle:inner:deep_two", "__end__"];

  it.each([
    { xray: false, drawn: ["__start__", "middle", "__end__"] },
    { xray: 0, drawn: ["__start__", "middle", "__end__"] },
    { xray: 1, drawn: ["__start__", "middle:shallow", "middle:inner", "__end__"] },
    { xray: 2, drawn: all },
    { xray: true, drawn: all },
  ])("opens as many levels of subgraphs as xray: $xray asks for", async ({ xray, drawn }) => {
    const { nodes } = await connect(server.url).assistants.getGraph("outer", { xray });
    expect(nodes.map(({ id }) => id)).toEqual(drawn);
  });
});
