import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";

import { decodeEvents } from "../../server/protocol/stored-events.ts";
import { type TestApp, createTempFolder, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";
import { copyTestStorage, openTestStorage } from "../support/test-storage.ts";

const CHANNELS = ["values", "updates", "lifecycle", "input", "checkpoints", "tasks"];

const Envelope = z.object({
  event_id: z.string(),
  seq: z.number(),
  method: z.string(),
  params: z.object({ data: z.unknown() }),
});
type Envelope = z.infer<typeof Envelope>;

let folder: ReturnType<typeof createTempFolder>;
beforeEach(() => {
  folder = createTempFolder();
});
afterEach(() => folder.remove());

const start = (home: string): Promise<TestApp> => startTestApp({ home, isListening: true });

async function send({ app }: TestApp, threadId: string, method: string, params: object): Promise<unknown> {
  const payload = { id: 1, method, params };
  return (await app.inject({ method: "POST", url: `/threads/${threadId}/commands`, payload })).json();
}

/** Reads the thread's events until `isEnough`. */
async function follow(
  { url }: TestApp,
  threadId: string,
  isEnough: (events: readonly Envelope[]) => boolean,
  { body = {}, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
): Promise<readonly Envelope[]> {
  const response = await fetch(`${url}/threads/${threadId}/stream/events`, {
    method: "POST",
    headers,
    body: JSON.stringify({ channels: CHANNELS, ...body }),
  });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.slice(0, text.lastIndexOf("\n\n")).split("\n");
    const events = lines
      .filter((line) => line.startsWith("data: "))
      .map((line) => JSON.parse(line.slice(6)) as unknown);
    const parsed = z.array(Envelope).parse(events);
    if (isEnough(parsed)) return parsed;
  }
  throw new Error("the stream ended");
}

const statusesOf = (events: readonly Envelope[]): unknown[] =>
  events
    .filter(({ event_id: id }) => id.startsWith("synth:"))
    .map(({ params }) => (params.data as { event: string }).event);
const isOver =
  (...ends: string[]) =>
  (events: readonly Envelope[]): boolean =>
    ends.includes(String(statusesOf(events).at(-1)));

describe("a reader of the thread-centric protocol", () => {
  it("goes on at its number after a crash in the middle of a run, without gap or double", async () => {
    const threadId = crypto.randomUUID();
    const gate = createGate("protocol crash");
    const first = await start(folder.path);
    await send(first, threadId, "run.start", { assistant_id: "two_nodes", input: { log: [] } });
    await follow(first, threadId, isOver("completed"));
    await send(first, threadId, "run.start", { assistant_id: "two_nodes", input: { log: ["again"] } });
    const seen = await follow(first, threadId, (events) => statusesOf(events).length === 4);

    const other = crypto.randomUUID();
    await send(first, other, "run.start", { assistant_id: "behaving", input: { mode: "wait:protocol crash" } });
    await gate.reached;
    const begun = await follow(first, other, (events) => events.some(({ method }) => method === "tasks"));
    // A process that dies stores nothing more: the second one sees what it would find on the disk.
    const after = createTempFolder();
    await copyTestStorage(folder.path, after.path);
    const again = createGate("protocol crash");
    const second = await start(after.path);
    expect(await follow(second, threadId, (events) => statusesOf(events).length === 4)).toEqual(seen);
    const since = seen[3]?.seq ?? 0;
    expect(
      await follow(second, threadId, isOver("completed"), {
        headers: { "last-event-id": seen.at(-3)?.event_id ?? "" },
      }),
    ).toEqual(seen.slice(-2));
    expect((await follow(second, threadId, (events) => events.length > 2, { body: { since } }))[0]).toEqual(seen[4]);

    await again.reached;
    again.open();
    const rest = await follow(second, other, isOver("completed"), { body: { since: begun.at(-1)?.seq } });
    const all = await follow(second, other, isOver("completed"));
    expect(all).toEqual([...begun, ...rest]);
    expect(statusesOf(all)).toEqual(["running", "completed"]);
    const seqs = all.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((left, right) => left - right));
    await second.close();
    after.remove();
    gate.open();
    await first.close();
  });

  it("is told how a run has ended whose process died between its outcome and the event", async () => {
    const threadId = crypto.randomUUID();
    const first = await start(folder.path);
    await send(first, threadId, "run.start", { assistant_id: "two_nodes", input: { log: [] } });
    const seen = await follow(first, threadId, isOver("completed"));
    await first.close();
    const storage = await openTestStorage(folder.path);
    const { threadEvents } = storage.store;
    const batches = await threadEvents.read(threadId, 0);
    await threadEvents.deleteOfThread(threadId);
    for (const batch of batches) {
      if (decodeEvents(batch.events).some(({ seq }) => seq === seen.at(-1)?.seq)) continue;
      expect(await threadEvents.append(threadId, batch, Date.now())).toBe(true);
    }
    await storage.close();

    const second = await start(folder.path);
    const all = await follow(second, threadId, isOver("completed"));
    expect(statusesOf(all)).toEqual(["running", "completed"]);
    expect(all.at(-1)?.seq).toBeGreaterThan(seen.at(-1)?.seq ?? Infinity);
    expect(await follow(second, threadId, isOver("completed"))).toEqual(all);
    await second.close();
  });

  it("answers after a restart what was asked before it", async () => {
    const threadId = crypto.randomUUID();
    const first = await start(folder.path);
    await send(first, threadId, "run.start", { assistant_id: "approval", input: { answers: [] } });
    const seen = await follow(first, threadId, isOver("interrupted"));
    const tree = await send(first, threadId, "agent.getTree", {});
    await first.close();

    const second = await start(folder.path);
    expect(await send(second, threadId, "agent.getTree", {})).toMatchObject({
      result: (tree as { result: unknown }).result,
    });
    const asked = seen.find(({ method }) => method === "input.requested");
    const { interrupt_id: id } = z.object({ interrupt_id: z.string() }).parse(asked?.params.data);
    const answer = await send(second, threadId, "input.respond", { namespace: [], interrupt_id: id, response: "yes" });
    // The client hides what was asked up to here.
    expect(answer).toMatchObject({ type: "success", meta: { applied_through_seq: seen.at(-1)?.seq } });
    const all = await follow(second, threadId, isOver("completed"));
    expect(all.slice(0, seen.length)).toEqual(seen);
    expect(statusesOf(all)).toEqual(["running", "interrupted", "running", "completed"]);
    await second.close();
  });

  it("reconnects a socket by the last event it had", async () => {
    const threadId = crypto.randomUUID();
    const first = await start(folder.path);
    await send(first, threadId, "run.start", { assistant_id: "two_nodes", input: { log: [] } });
    const seen = await follow(first, threadId, isOver("completed"));
    await first.close();

    const second = await start(folder.path);
    const socket = new WebSocket(`${second.url.replace("http", "ws")}/threads/${threadId}/stream/events`);
    // Sent at once, before the events of before have been read.
    socket.once("open", () => {
      const params = { last_event_id: seen[0]?.event_id, subscriptions: [] };
      socket.send(JSON.stringify({ id: 7, method: "subscription.reconnect", params }));
    });
    const [data] = await new Promise<[Buffer]>((resolve) => socket.once("message", (...got: [Buffer]) => resolve(got)));
    expect(JSON.parse(data.toString())).toMatchObject({
      id: 7,
      result: { restored: true, current_namespaces: [{ namespace: [], status: "completed" }] },
    });
    socket.terminate();
    await second.close();
  });

  it("finds nothing of a thread that was deleted", async () => {
    const threadId = crypto.randomUUID();
    const first = await start(folder.path);
    await send(first, threadId, "run.start", { assistant_id: "two_nodes", input: { log: [] } });
    await follow(first, threadId, isOver("completed"));
    expect(await first.store.threadEvents.read(threadId, 0)).not.toEqual([]);
    expect((await first.app.inject({ method: "DELETE", url: `/threads/${threadId}` })).statusCode).toBe(204);
    expect(await first.store.threadEvents.read(threadId, 0)).toEqual([]);
    await first.close();
  });

  it("costs nothing on threads that nobody follows with it", async () => {
    const first = await start(folder.path);
    const threadId = crypto.randomUUID();
    const post = (url: string, payload: object): Promise<unknown> => first.app.inject({ method: "POST", url, payload });
    await post("/threads", { thread_id: threadId });
    await post(`/threads/${threadId}/runs/wait`, { assistant_id: "two_nodes", input: {} });
    expect(await first.store.threadEvents.read(threadId, 0)).toEqual([]);
    await first.close();
  });
});
