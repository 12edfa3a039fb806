import { Client } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";
import { collect } from "./clients.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true });
});
afterAll(() => server.close());

const connect = (): Client => new Client({ apiUrl: server.url, callerOptions: { maxRetries: 0 } });

describe.each(["sse", "websocket"] as const)("client.threads.stream over %s", (transport) => {
  const open = (assistantId: string, threadId: string = crypto.randomUUID()) =>
    connect().threads.stream(threadId, { assistantId, transport });

  it("mints the thread with the first run and resolves with its final values", async () => {
    const thread = open("two_nodes");
    const { run_id: runId } = await thread.run.start({ input: { log: ["a"] } });
    expect(await thread.output).toEqual({ log: ["a", "first", "second"] });
    const run = await connect().runs.get(thread.threadId, String(runId));
    expect(run).toMatchObject({ status: "success", multitask_strategy: "enqueue" });
    await thread.close();
  });

  it("streams a message token by token", async () => {
    const thread = open("chat");
    const seen = (async () => {
      const texts: string[][] = [];
      for await (const message of thread.messages) texts.push(await collect(message.text));
      return texts;
    })();
    await thread.run.start({ input: { messages: [{ role: "user", content: "hi" }] } });
    await thread.output;
    const [tokens = []] = await seen;
    expect(tokens.join("")).toBe("hello out there");
    expect(tokens.length).toBeGreaterThan(3);
    await thread.close();
  });

  it("asks for input, and goes on with the answer", async () => {
    const thread = open("approval");
    await thread.run.start({ input: {} });
    await thread.output;
    expect(thread.interrupted).toBe(true);
    const [asked] = thread.interrupts;
    expect(asked).toMatchObject({ payload: { question: "go on?" }, namespace: [] });
    const next = open("approval", thread.threadId);
    const values = await next.subscribe({ channels: ["values", "lifecycle"] });
    await next.input.respond({ namespace: [], interrupt_id: asked?.interruptId ?? "", response: "yes" });
    for await (const event of values) {
      if (event.method === "lifecycle" && event.params.data.event === "completed") break;
    }
    expect(await next.state.get({ namespace: [] })).toMatchObject({ values: { answers: ["yes", "done"] } });
    await Promise.all([thread.close(), next.close()]);
  });

  it("gives a named extension its custom events and the namespaces of subgraphs", async () => {
    const thread = open("parent");
    const subscription = await thread.subscribe({ channels: ["updates", "lifecycle"] });
    await thread.run.start({ input: { log: [] } });
    const seen: string[] = [];
    for await (const event of subscription) {
      const depth = event.params.namespace.length;
      if (event.method === "updates") seen.push(`${depth} ${event.params.data.node}`);
      else if (event.method === "lifecycle") seen.push(`${depth} ${event.params.data.event}`);
      if (depth === 0 && event.method === "lifecycle" && event.params.data.event === "completed") break;
    }
    expect(seen).toEqual(["0 running", "0 before", "1 started", "1 inner", "0 child", "1 completed", "0 completed"]);
    await thread.close();
  });

  it("really stops the run before it when the strategy is interrupt", async () => {
    const gate = createGate(`protocol ${transport}`);
    const thread = open("behaving");
    const first = await thread.run.start({ input: { mode: `hang:protocol ${transport}` } });
    await gate.reached;
    const second = await thread.run.start({ input: { mode: "plain" }, multitaskStrategy: "interrupt" });
    await connect().runs.join(thread.threadId, String(second.run_id));
    const run = await connect().runs.get(thread.threadId, String(first.run_id));
    expect(run.status).toBe("interrupted");
    await thread.close();
  });

  it("replays to a late reader, with the same ids for everybody and a seq that rises across runs", async () => {
    const thread = open("two_nodes");
    const readAll = async () => {
      const late = open("two_nodes", thread.threadId);
      const subscription = await late.subscribe({ channels: ["lifecycle", "values"] });
      const events: { event_id?: string; seq?: number }[] = [];
      for await (const event of subscription) {
        events.push(event);
        if (events.filter(({ event_id: id }) => id?.startsWith("synth:")).length === 4) break;
      }
      await late.close();
      return events.map(({ event_id: id, seq }) => ({ id, seq }));
    };
    await thread.run.start({ input: { log: ["a"] } });
    await thread.output;
    const { run_id: runId } = await thread.run.start({ input: { log: ["b"] } });
    await connect().runs.join(thread.threadId, String(runId));
    const [one, two] = await Promise.all([readAll(), readAll()]);
    expect(one).toEqual(two);
    expect(new Set(one.map(({ id }) => id)).size).toBe(one.length);
    const seqs = one.map(({ seq }) => Number(seq));
    expect(seqs).toEqual([...seqs].sort((left, right) => left - right));
    await thread.close();
  });
});
