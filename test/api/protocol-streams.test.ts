import { Client } from "@langchain/langgraph-sdk";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";
import { collect } from "./clients.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({
    isListening: true,
    env: { HEARTBEAT_MS: "200", CORS_ORIGINS: "https://good.example" },
  });
});
afterAll(() => server.close());

const Envelope = z.object({
  event_id: z.string(),
  seq: z.number(),
  method: z.string(),
  params: z.object({ namespace: z.array(z.string()), data: z.unknown() }),
});
type Envelope = z.infer<typeof Envelope>;

const send = (threadId: string, method: string, params: object): Promise<Response> =>
  fetch(`${server.url}/threads/${threadId}/commands`, {
    method: "POST",
    body: JSON.stringify({ id: 1, method, params }),
  });

/** Opens a stream and reads it until `isEnough`. */
async function follow(
  threadId: string,
  body: object,
  isEnough: (events: readonly Envelope[], text: string) => boolean,
  path = "stream/events",
): Promise<{ events: readonly Envelope[]; text: string }> {
  const response = await fetch(`${server.url}/threads/${threadId}/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  let text = "";
  let events: Envelope[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.slice(0, text.lastIndexOf("\n\n")).split("\n");
    events = lines.filter((line) => line.startsWith("data: ")).map((line) => Envelope.parse(JSON.parse(line.slice(6))));
    if (isEnough(events, text)) break;
  }
  return { events, text };
}

const isOver = (events: readonly Envelope[]): boolean =>
  events.some(
    ({ event_id: id, params }) => id.startsWith("synth:") && !JSON.stringify(params.data).includes("running"),
  );

describe("POST /threads/{id}/stream/events", () => {
  it("waits for a thread that does not exist yet, and keeps the line open with comments", async () => {
    const threadId = crypto.randomUUID();
    let isStarted = false;
    const { events } = await follow(threadId, { channels: ["lifecycle", "values"] }, (seen, text) => {
      if (!isStarted && text.includes(": heartbeat\n\n")) {
        isStarted = true;
        void send(threadId, "run.start", { assistant_id: "two_nodes", input: { log: [] } });
      }
      return isOver(seen);
    });
    expect(events.map(({ method }) => method)).toEqual(["lifecycle", "values", "values", "values", "lifecycle"]);
  });

  it("shows every channel of a run in the order of the protocol, ids as the events have them", async () => {
    const threadId = crypto.randomUUID();
    await send(threadId, "run.start", { assistant_id: "approval", input: { answers: ["a"] } });
    const channels = ["values", "updates", "messages", "tools", "lifecycle", "input", "checkpoints", "tasks", "custom"];
    const { events, text } = await follow(threadId, { channels }, isOver);
    expect(events.map(({ method, params }) => [method, (params.data as { event?: string }).event])).toEqual([
      ["lifecycle", "running"],
      ["checkpoints", undefined],
      ["values", undefined],
      ["tasks", undefined],
      ["input.requested", undefined],
      ["tasks", undefined],
      ["lifecycle", "interrupted"],
    ]);
    expect(text.match(/^id: (.+)$/gm)).toEqual(events.map(({ event_id: id }) => `id: ${id}`));
    expect(events[4]?.params.data).toMatchObject({ interrupt_id: expect.any(String), payload: { question: "go on?" } });
    const { interrupt_id: id } = z.object({ interrupt_id: z.string() }).parse(events[4]?.params.data);
    const since = events.at(-1)?.seq ?? 0;
    await send(threadId, "input.respond", { namespace: [], interrupt_id: id, response: "yes" });
    const next = await follow(threadId, { channels: ["input", "lifecycle"], since }, isOver, "stream");
    expect(next.events.map(({ method }) => method)).toEqual(["lifecycle", "input.answered", "lifecycle"]);
    expect(next.events[1]?.params.data).toEqual({ interrupt_ids: [id] });
    expect(next.events.every(({ seq }) => seq > since)).toBe(true);
  });

  it("filters by namespace, also without its id, and by depth", async () => {
    const threadId = crypto.randomUUID();
    await send(threadId, "run.start", { assistant_id: "parent", input: { log: [] } });
    const channels = ["updates", "lifecycle"];
    await follow(threadId, { channels }, isOver);
    const names = async (filter: object): Promise<unknown[]> => {
      const { events } = await follow(threadId, { channels, ...filter }, (_, text) => text.includes(": heartbeat"));
      return events
        .filter(({ method }) => method === "updates")
        .map(({ params }) => (params.data as { node: string }).node);
    };
    expect(await names({})).toEqual(["before", "inner", "child"]);
    expect(await names({ namespaces: [["child"]] })).toEqual(["inner"]);
    expect(await names({ namespaces: [[]], depth: 0 })).toEqual(["before", "child"]);
    expect(await names({ namespaces: [["other"]] })).toEqual([]);
  });

  it("tells how a run of the other API ends, and what it streamed", async () => {
    const threadId = crypto.randomUUID();
    const gate = createGate("protocol v1");
    const client = new Client({ apiUrl: server.url });
    await client.threads.create({ threadId });
    await client.runs.create(threadId, "behaving", { input: { mode: "wait:protocol v1" } });
    await gate.reached;
    const { events } = await follow(threadId, { channels: ["lifecycle"] }, (seen) => {
      if (seen.length === 1) gate.open();
      return isOver(seen);
    });
    expect(events.map(({ params }) => (params.data as { event: string }).event)).toEqual(["running", "completed"]);
    await client.runs.wait(threadId, "behaving", { input: { mode: "custom" } });
    const { events: all } = await follow(
      threadId,
      { channels: ["custom"], since: events.at(-1)?.seq },
      (seen) => seen.length === 3,
    );
    expect(all.map(({ params }) => params.data)).toEqual([1, 2, 3].map((step) => ({ payload: { step } })));
  });

  it("takes an answer at the very moment of the question", async () => {
    const threadId = crypto.randomUUID();
    const answers: Promise<Response>[] = [];
    const reading = follow(threadId, { channels: ["input", "lifecycle"] }, (seen) => {
      const asked = seen.find(({ method }) => method === "input.requested");
      if (asked !== undefined && answers.length === 0) {
        const { interrupt_id: id } = asked.params.data as { interrupt_id: string };
        answers.push(send(threadId, "input.respond", { namespace: [], interrupt_id: id, response: "at once" }));
      }
      return seen.some(({ params }) => (params.data as { event?: string }).event === "completed");
    });
    await send(threadId, "run.start", { assistant_id: "approval", input: {} });
    await reading;
    expect(await (await answers[0])?.json()).toMatchObject({ type: "success" });
    expect((await server.store.threads.get(threadId))?.values).toEqual({ answers: ["at once", "done"] });
  });

  it("tells of a run that was cancelled before its turn", async () => {
    const threadId = crypto.randomUUID();
    const gate = createGate("protocol queue");
    await send(threadId, "run.start", { assistant_id: "behaving", input: { mode: "wait:protocol queue" } });
    await gate.reached;
    const answer = await send(threadId, "run.start", { assistant_id: "behaving", input: { mode: "x" } });
    const { result } = z.object({ result: z.object({ run_id: z.string() }) }).parse(await answer.json());
    await new Client({ apiUrl: server.url }).runs.cancel(threadId, result.run_id);
    gate.open();
    const { events } = await follow(
      threadId,
      { channels: ["lifecycle"] },
      (seen) => seen.filter(({ params }) => (params.data as { event: string }).event !== "running").length === 2,
    );
    const ended = events.find(({ event_id: id }) => id.startsWith(`synth:${result.run_id}:`));
    expect(ended?.params.data).toMatchObject({ event: "interrupted" });
  });

  it("names the failure of a run", async () => {
    const threadId = crypto.randomUUID();
    await send(threadId, "run.start", { assistant_id: "behaving", input: { mode: "fail" } });
    const { events } = await follow(threadId, { channels: ["lifecycle"], namespaces: [[]], depth: 0 }, isOver);
    expect(events.at(-1)?.params.data).toMatchObject({ event: "failed", error: "the node broke" });
  });

  it.each([
    [{}, "channels"],
    [{ channels: [] }, "channels"],
    [{ channels: ["secrets"] }, "channels.0"],
    [{ channels: ["values"], depth: -1 }, "depth"],
    [{ channels: ["values"], namespaces: ["a"] }, "namespaces.0"],
    [{ channels: ["values"], stream_mode: "values" }, "body"],
  ])("refuses %j", async (body, field) => {
    const response = await fetch(`${server.url}/threads/any/stream/events`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ field }] });
  });
});

describe("the WebSocket", () => {
  const open = async (threadId: string, path = "stream/events") => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/threads/${threadId}/${path}`);
    const seen: Record<string, unknown>[] = [];
    socket.on("message", (data: Buffer) => seen.push(JSON.parse(data.toString()) as Record<string, unknown>));
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    let id = 0;
    const ask = async (method: string, params: object): Promise<Record<string, unknown>> => {
      id += 1;
      const mine = id;
      socket.send(JSON.stringify({ id: mine, method, params }));
      await vi.waitFor(() => expect(seen.some((message) => message["id"] === mine)).toBe(true));
      return seen.find((message) => message["id"] === mine) ?? {};
    };
    const events = (): string[] =>
      seen.flatMap(({ event_id: eventId }) => (typeof eventId === "string" ? [eventId] : []));
    return { socket, seen, ask, events };
  };
  const Subscribed = z.object({ result: z.object({ subscription_id: z.string(), replayed_events: z.number() }) });

  it("sends an event once however many subscriptions want it, replays to a new one, and forgets a removed one", async () => {
    const threadId = crypto.randomUUID();
    const { socket, ask, events } = await open(threadId, "stream");
    const first = Subscribed.parse(await ask("subscription.subscribe", { channels: ["lifecycle"] }));
    await ask("subscription.subscribe", { channels: ["lifecycle"], namespaces: [[]] });
    const run = { assistant_id: "two_nodes", input: { log: [] } };
    await ask("run.start", run);
    await vi.waitFor(() => expect(events()).toHaveLength(2));
    const third = Subscribed.parse(await ask("subscription.subscribe", { channels: ["lifecycle"] }));
    expect(third.result.replayed_events).toBe(2);
    await vi.waitFor(() => expect(events()).toHaveLength(4));
    expect(new Set(events()).size).toBe(2);
    const gone = { subscription_id: first.result.subscription_id };
    expect(await ask("subscription.unsubscribe", gone)).toMatchObject({ type: "success" });
    expect(await ask("subscription.unsubscribe", gone)).toMatchObject({ error: "no_such_subscription" });
    socket.close();
  });

  it("restores the subscriptions of a socket that broke, after the last event it had", async () => {
    const threadId = crypto.randomUUID();
    const broken = await open(threadId);
    const { result } = Subscribed.parse(await broken.ask("subscription.subscribe", { channels: ["values"] }));
    await broken.ask("run.start", { assistant_id: "two_nodes", input: { log: [] } });
    await vi.waitFor(() => expect(broken.events()).toHaveLength(3));
    broken.socket.terminate();
    const again = await open(threadId);
    const answer = await again.ask("subscription.reconnect", {
      last_event_id: broken.events()[0],
      subscriptions: [result.subscription_id],
    });
    expect(answer).toMatchObject({ result: { restored: true, missed_events: 2 } });
    await vi.waitFor(() => expect(again.events()).toEqual(broken.events().slice(1)));
    again.socket.close();
  });

  it("answers what is no command and goes on", async () => {
    const { socket, seen, ask } = await open(crypto.randomUUID());
    socket.send("{");
    await vi.waitFor(() => expect(seen).toMatchObject([{ type: "error", id: null, error: "invalid_argument" }]));
    expect(await ask("state.get", {})).toMatchObject({ type: "success" });
    socket.close();
  });

  it("is not for pages of other origins", async () => {
    const attempt = (origin: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${server.url.replace("http", "ws")}/threads/any/stream/events`, { origin });
        socket.once("open", () => {
          socket.close();
          resolve(101);
        });
        socket.once("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
        socket.once("error", reject);
      });
    expect(await attempt("https://evil.example")).toBe(403);
    expect(await attempt("https://good.example")).toBe(101);
    expect(await attempt(server.url)).toBe(101);
  });
});

describe("GET /threads/{id}/stream", () => {
  it("follows all runs of a thread, and goes on after the last event", async () => {
    const client = new Client({ apiUrl: server.url });
    const { thread_id: threadId } = await client.threads.create();
    const abort = new AbortController();
    const seen: { id?: string; event: string }[] = [];
    const reading = (async () => {
      for await (const part of client.threads.joinStream(threadId, { signal: abort.signal, lastEventId: "-1" })) {
        seen.push(part);
      }
    })().catch(() => undefined);
    await client.runs.wait(threadId, "two_nodes", { input: { log: ["a"] } });
    await client.runs.wait(threadId, "two_nodes", { input: { log: ["b"] } });
    const names = ["metadata", "values", "values", "values", "end"];
    await vi.waitFor(() => expect(seen.map(({ event }) => event)).toEqual([...names, ...names]));
    abort.abort();
    await reading;
    const again = new AbortController();
    const rest: { id?: string; event: string }[] = [];
    const lastEventId = seen[3]?.id ?? "";
    for await (const part of client.threads.joinStream(threadId, { signal: again.signal, lastEventId })) {
      rest.push(part);
      if (rest.length === 6) break;
    }
    expect(rest.map(({ id }) => id)).toEqual(seen.slice(4).map(({ id }) => id));
  });

  it("shows only beginnings and ends, or the state after each run, when asked to", async () => {
    const client = new Client({ apiUrl: server.url });
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, "two_nodes", { input: { log: ["a"] } });
    const seen: { event: string; data: unknown }[] = [];
    const options = { lastEventId: "-1", streamMode: ["lifecycle", "state_update"] as const };
    for await (const part of client.threads.joinStream(threadId, { ...options, streamMode: [...options.streamMode] })) {
      seen.push(part);
      if (part.event === "state_update") break;
    }
    expect(seen.map(({ event }) => event)).toEqual(["metadata", "end", "state_update"]);
    expect(seen[2]?.data).toMatchObject({ status: "idle", values: { log: ["a", "first", "second"] } });
  });

  it("refuses threads and modes it does not know", async () => {
    const get = (path: string): Promise<Response> => fetch(`${server.url}/threads/${path}`);
    expect((await get(`${crypto.randomUUID()}/stream`)).status).toBe(404);
    expect((await get("nobody/stream")).status).toBe(404);
    expect((await get(`${crypto.randomUUID()}/stream?stream_mode=values`)).status).toBe(422);
    expect((await get("any/stream/events")).status).toBe(400);
  });
});

describe("RemoteGraph of langgraph 1.7", () => {
  it("streams version 3 events", async () => {
    const graph = new RemoteGraph({ graphId: "two_nodes", url: server.url });
    const run = await graph.streamEvents({ log: ["a"] }, { version: "v3" });
    const values = await collect(run.values as AsyncIterable<unknown>);
    expect(values.at(-1)).toEqual({ log: ["a", "first", "second"] });
    expect(await run.output).toEqual({ log: ["a", "first", "second"] });
  });
});
