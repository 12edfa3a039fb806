import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { Annotation, END, START, StateGraph, interrupt } from "@langchain/langgraph";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createManualClock } from "../../support/manual-clock.ts";
import { type TestApp, createTempFolder, startTestApp } from "../../support/test-app.ts";
import { copyTestStorage } from "../../support/test-storage.ts";
import { TEST_GRAPHS, createGate } from "../../support/test-graphs.ts";

let folder: ReturnType<typeof createTempFolder>;
let copy: ReturnType<typeof createTempFolder>;
const open: TestApp[] = [];

beforeEach(() => {
  folder = createTempFolder();
  copy = createTempFolder();
});
afterEach(async () => {
  for (const server of open.splice(0).reverse()) await server.close();
  folder.remove();
  copy.remove();
});

async function start(settings: Parameters<typeof startTestApp>[0] = {}): Promise<TestApp> {
  const server = await startTestApp({ home: folder.path, ...settings });
  open.push(server);
  return server;
}

/** What the next process would find if this one died now. */
async function startAfterCrash(settings: Parameters<typeof startTestApp>[0] = {}): Promise<TestApp> {
  await copyTestStorage(folder.path, copy.path);
  return start({ ...settings, home: copy.path });
}

async function newThread({ app }: TestApp): Promise<string> {
  const answer = await app.inject({ method: "POST", url: "/threads", payload: {} });
  return answer.json<{ thread_id: string }>().thread_id;
}

async function begin({ app }: TestApp, threadId: string, payload: object): Promise<string> {
  const answer = await app.inject({ method: "POST", url: `/threads/${threadId}/runs`, payload });
  expect(answer.statusCode).toBe(200);
  return answer.json<{ run_id: string }>().run_id;
}

async function join({ app }: TestApp, threadId: string, runId: string): Promise<unknown> {
  return (await app.inject(`/threads/${threadId}/runs/${runId}/join`)).json();
}

/** As it is while the run is executed for the nth time. */
async function setRunning({ app, store: { runs } }: TestApp, runId: string, attempt: number): Promise<void> {
  // A process that shares its runs would find out in a while that it does not execute this one.
  await app.close();
  const owner = (await runs.get(runId))?.owner ?? "nobody";
  expect(await runs.setStatus({ runId, owner }, "running", attempt, 0)).toBeDefined();
}

/** Undoes the commit that ended a run: what is on the disk when a process dies just before it. */
async function unsettle(server: TestApp, runId: string, interrupts: Record<string, unknown[]> = {}): Promise<void> {
  const { store } = server;
  const run = await store.runs.get(runId);
  await setRunning(server, runId, 1);
  await store.threads.setOutcome(run?.threadId ?? "", { status: "busy", interrupts }, 0);
}

/** Events of a stream as `id event`. */
async function readEvents({ app }: TestApp, url: string, lastId = -1): Promise<string[]> {
  const { body } = await app.inject({ url, headers: { "last-event-id": String(lastId) } });
  return [...body.matchAll(/^id: (\d+)\nevent: (\w+)$/gm)].map(([, id, event]) => `${id} ${event}`);
}

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

/** A node with an effect, one that waits, one that follows; and a node that asks twice. */
function createGraphs(): {
  graphs: Record<string, unknown>;
  effects: string[];
  gates: { block: Promise<void> | undefined };
} {
  const effects: string[] = [];
  const gates: { block: Promise<void> | undefined } = { block: undefined };
  const steps = new StateGraph(State)
    .addNode("before", () => {
      effects.push("before");
      return { log: ["before"] };
    })
    .addNode("block", async () => {
      effects.push("block");
      await gates.block;
      return { log: ["block"] };
    })
    .addEdge(START, "before")
    .addEdge("before", "block")
    .addEdge("block", END)
    .compile();
  const asking = new StateGraph(State)
    .addNode("ask", async () => {
      const first = interrupt<string, string>("first");
      await gates.block;
      const second = interrupt<string, string>("second");
      return { log: [first, second] };
    })
    .addEdge(START, "ask")
    .compile();
  return { graphs: { ...TEST_GRAPHS, steps, asking }, effects, gates };
}

describe("a run whose process died", () => {
  it("goes on from its last checkpoint, and its stream after the last event id", async () => {
    const { graphs, effects, gates } = createGraphs();
    const gate = Promise.withResolvers<void>();
    gates.block = gate.promise;
    const first = await start({ graphs });
    const threadId = await newThread(first);
    const runId = await begin(first, threadId, {
      assistant_id: "steps",
      input: { log: ["input"] },
      stream_mode: ["updates"],
      stream_resumable: true,
    });
    await vi.waitFor(async () => {
      expect(effects).toEqual(["before", "block"]);
      expect(await first.store.runEvents.read(runId)).toHaveLength(2);
    });
    gates.block = undefined;
    const second = await startAfterCrash({ graphs });
    expect(await join(second, threadId, runId)).toEqual({ log: ["input", "before", "block"] });
    expect(effects).toEqual(["before", "block", "block"]);
    const url = `/threads/${threadId}/runs/${runId}/stream`;
    // 0 and 1 are from the first process: its metadata and what the node before sent.
    expect(await readEvents(second, url, 1)).toEqual(["2 metadata", "3 updates", "4 end"]);
    expect((await second.app.inject({ url, headers: { "last-event-id": "1" } })).body).toContain('"attempt":2');
    expect(await readEvents(second, url)).toEqual(["0 metadata", "1 updates", "2 metadata", "3 updates", "4 end"]);
    gate.resolve();
  });

  it("goes on with its answer when no node had taken it", async () => {
    const { graphs, gates } = createGraphs();
    const gate = Promise.withResolvers<void>();
    const first = await start({ graphs });
    const threadId = await newThread(first);
    const asked = await begin(first, threadId, { assistant_id: "asking", input: {} });
    await join(first, threadId, asked);
    gates.block = gate.promise;
    const runId = await begin(first, threadId, { assistant_id: "asking", command: { resume: "one" } });
    await vi.waitFor(async () => expect(await first.store.runs.get(runId)).toMatchObject({ status: "running" }));
    gates.block = undefined;
    const second = await startAfterCrash({ graphs });
    expect(await join(second, threadId, runId)).toMatchObject({ __interrupt__: [{ value: "second" }] });
    const last = await begin(second, threadId, { assistant_id: "asking", command: { resume: "two" } });
    expect(await join(second, threadId, last)).toEqual({ log: ["one", "two"] });
    gate.resolve();
  });

  it("does not give the answer to one question to the next", async () => {
    const { graphs } = createGraphs();
    const first = await start({ graphs });
    const threadId = await newThread(first);
    await join(first, threadId, await begin(first, threadId, { assistant_id: "asking", input: {} }));
    const before = (await first.store.threads.get(threadId))?.interrupts ?? {};
    const runId = await begin(first, threadId, { assistant_id: "asking", command: { resume: "one" } });
    await join(first, threadId, runId);
    await unsettle(first, runId, { ...before } as Record<string, unknown[]>);
    const second = await startAfterCrash({ graphs });
    expect(await join(second, threadId, runId)).toMatchObject({ __interrupt__: [{ value: "second" }] });
    expect((await second.app.inject(`/threads/${threadId}`)).json()).toMatchObject({ status: "interrupted" });
    const last = await begin(second, threadId, { assistant_id: "asking", command: { resume: "two" } });
    expect(await join(second, threadId, last)).toEqual({ log: ["one", "two"] });
  });

  it.each([{ interrupt_before: ["second"] }, { interrupt_after: ["first"] }, { interrupt_before: "*" }])(
    "does not walk past the node it was to stop at: %j",
    async (stop) => {
      const first = await start();
      const threadId = await newThread(first);
      const runId = await begin(first, threadId, { assistant_id: "two_nodes", input: { log: ["in"] }, ...stop });
      const stopped = await join(first, threadId, runId);
      await unsettle(first, runId);
      const second = await startAfterCrash();
      const { __interrupt__: _none, ...state } = (await join(second, threadId, runId)) as Record<string, unknown>;
      expect(state).toEqual({ log: (stopped as { log: string[] }).log });
      expect(await second.store.runs.get(runId)).toMatchObject({ status: "interrupted" });
      // Told to go on, it does.
      const next = await begin(second, threadId, { assistant_id: "two_nodes", input: null });
      expect(await join(second, threadId, next)).toEqual({ log: ["in", "first", "second"] });
    },
  );

  it("ends without being executed again when its graph had come to its end", async () => {
    const { graphs, effects } = createGraphs();
    const first = await start({ graphs });
    const threadId = await newThread(first);
    const runId = await begin(first, threadId, { assistant_id: "steps", input: { log: ["in"] } });
    await join(first, threadId, runId);
    await unsettle(first, runId);
    const second = await startAfterCrash({ graphs });
    expect(await join(second, threadId, runId)).toEqual({ log: ["in", "before", "block"] });
    expect(await second.store.runs.get(runId)).toMatchObject({ status: "success", attempt: 2 });
    expect(effects).toEqual(["before", "block"]);
  });

  it.each(["cancel", "rollback"] as const)("is not executed when somebody had asked for a %s", async (request) => {
    const first = await start();
    const threadId = await newThread(first);
    await join(first, threadId, await begin(first, threadId, { assistant_id: "two_nodes", input: { log: ["a"] } }));
    const runId = await begin(first, threadId, { assistant_id: "two_nodes", input: { log: ["b"] } });
    await join(first, threadId, runId);
    await unsettle(first, runId);
    await first.store.runs.requestStop(runId, request);
    const second = await startAfterCrash();
    const written = ["a", "first", "second"];
    const isCancel = request === "cancel";
    // Where processes share runs this one claims it a moment after its start.
    await vi.waitFor(async () => {
      const run = await second.store.runs.get(runId);
      expect(run?.status).toBe(isCancel ? "interrupted" : undefined);
      expect((await second.app.inject(`/threads/${threadId}`)).json()).toMatchObject({
        status: "idle",
        values: { log: isCancel ? [...written, "b", "first", "second"] : written },
      });
    }, 5_000);
  });

  it("ends as an error after too many attempts, or when its graph is not served any more", async () => {
    const first = await start();
    const threadId = await newThread(first);
    const runId = await begin(first, threadId, { assistant_id: "two_nodes", input: {} });
    await join(first, threadId, runId);
    await setRunning(first, runId, 3);
    const second = await startAfterCrash();
    expect(await join(second, threadId, runId)).toMatchObject({
      __error__: { error: "ServerStopped", message: expect.stringContaining("3 times") },
    });
    // On one database it would go on with the run, because it serves the graph.
    await second.app.close();
    await setRunning(first, runId, 1);
    const { two_nodes: _gone, ...others } = TEST_GRAPHS;
    const third = await startAfterCrash({ graphs: others });
    await vi.waitFor(async () => {
      expect(await third.store.runs.get(runId)).toMatchObject({ status: "error" });
      expect((await third.app.inject(`/threads/${threadId}`)).json()).toMatchObject({
        status: "error",
        error: { error: "GraphNotFound" },
      });
    }, 5_000);
  });
});

describe("a shutdown", () => {
  it("leaves a run that does not end in time to the next start, without counting the attempt", async () => {
    const clock = createManualClock();
    const { graphs, effects, gates } = createGraphs();
    const gate = Promise.withResolvers<void>();
    gates.block = gate.promise;
    const first = await startTestApp({ home: folder.path, graphs, clock });
    const threadId = await newThread(first);
    const runId = await begin(first, threadId, { assistant_id: "steps", input: {}, stream_resumable: true });
    await vi.waitFor(() => expect(effects).toEqual(["before", "block"]));
    const waiting = first.app.inject(`/threads/${threadId}/runs/${runId}/join`);
    const closing = first.app.close();
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(await first.store.runs.get(runId)).toMatchObject({ status: "pending", attempt: 0 });
    });
    expect((await waiting).json()).toMatchObject({ __error__: { error: "ServerStopping" } });
    await closing;
    await first.store.close();
    await first.checkpointer.close();
    gates.block = undefined;
    const second = await start({ graphs });
    expect(await join(second, threadId, runId)).toEqual({ log: ["before", "block"] });
    expect(effects).toEqual(["before", "block", "block"]);
    expect(await second.store.runs.get(runId)).toMatchObject({ status: "success", attempt: 1 });
    gate.resolve();
  });
});

describe("stored events", () => {
  it("are read after a restart, of a stateless run as well, and go with their run", async () => {
    const first = await startTestApp({ home: folder.path });
    const threadId = await newThread(first);
    const payload = { assistant_id: "two_nodes", input: { log: ["in"] }, stream_resumable: true };
    const runId = await begin(first, threadId, payload);
    await join(first, threadId, runId);
    const stateless = await first.app.inject({ method: "POST", url: "/runs/stream", payload });
    const statelessId = /"run_id":"([^"]+)"/.exec(stateless.body)?.[1] ?? "";
    await first.close();
    const second = await start();
    const events = ["0 metadata", "1 values", "2 values", "3 values", "4 end"];
    expect(await readEvents(second, `/threads/${threadId}/runs/${runId}/stream`)).toEqual(events);
    expect(await readEvents(second, `/runs/${statelessId}/stream`, 1)).toEqual(events.slice(2));
    await second.app.inject({ method: "DELETE", url: `/threads/${threadId}/runs/${runId}` });
    expect(await second.store.runEvents.read(runId)).toEqual([]);
    expect((await second.app.inject(`/threads/${threadId}/runs/${runId}/stream`)).statusCode).toBe(404);
  });

  it("of ended runs are freed at a start when their time is over; those of unfinished runs stay", async () => {
    const first = await start();
    const gate = createGate("events stay");
    const threadId = await newThread(first);
    const payload = { assistant_id: "behaving", stream_resumable: true };
    const ended = await begin(first, threadId, { ...payload, input: { mode: "x" } });
    await join(first, threadId, ended);
    const running = await begin(first, threadId, { ...payload, input: { mode: "wait:events stay" } });
    await gate.reached;
    const later = createManualClock(Date.now() + 3_600_000);
    const second = await startAfterCrash({ clock: later });
    expect(await second.store.runEvents.read(ended)).toEqual([]);
    expect(await second.store.runEvents.read(running)).not.toEqual([]);
    gate.open();
  });

  it("cost a run that cannot be resumed nothing", async () => {
    const first = await start();
    const threadId = await newThread(first);
    const runId = await begin(first, threadId, { assistant_id: "two_nodes", input: {} });
    await join(first, threadId, runId);
    expect(await first.store.runEvents.read(runId)).toEqual([]);
  });
});

describe("a webhook", () => {
  it("that was not delivered before the process died is sent by the next one, once", async () => {
    const bodies: unknown[] = [];
    const receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        bodies.push(JSON.parse(body));
        response.end();
      });
    });
    await new Promise<void>((resolve) => {
      receiver.listen(0, "127.0.0.1", resolve);
    });
    // A server that listens on TCP has an address object.
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const first = await startTestApp({ home: folder.path });
    const body = '{"run_id":"run"}';
    const webhook = { runId: "run", threadId: "thread", url, body, createdAtMs: Date.now() };
    await first.store.runWebhooks.insert(webhook, "a former process");
    await first.close();
    const second = await start({ env: { OUTBOUND_ALLOW_PRIVATE: "1" } });
    await vi.waitFor(() => expect(bodies).toHaveLength(1), 10_000);
    await vi.waitFor(async () => {
      await second.store.runWebhooks.releaseAll();
      expect(await second.store.runWebhooks.claim("the test", 10, [])).toEqual([]);
    });
    expect(bodies).toEqual([{ run_id: "run", webhook_sent_at: expect.any(String) }]);
    receiver.close();
  });
});
