import { Client } from "@langchain/langgraph-sdk";
import { Client as OlderClient } from "langgraph-sdk-2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";
import { collect, originOf } from "./clients.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true });
});
afterAll(() => server.close());

const RESOURCES = ["assistants", "threads", "runs", "crons", "store"] as const;
const options = () => ({ apiUrl: server.url, callerOptions: { maxRetries: 0 } });

/** Every method a client's resources have, as `resource.method`. */
function methodsOf(client: Client): string[] {
  return RESOURCES.flatMap((resource) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(client[resource]))
      .filter((method) => method !== "constructor")
      .map((method) => `${resource}.${method}`),
  );
}

/** The client, noting every method that is called on its resources. */
function noteCalls(client: Client, called: Set<string>): Client {
  const noting = (resource: string, target: object): object =>
    new Proxy(target, {
      get(from, key, receiver) {
        called.add(`${resource}.${String(key)}`);
        const value: unknown = Reflect.get(from, key, receiver);
        return typeof value === "function" ? value.bind(from) : value;
      },
    });
  for (const resource of RESOURCES) Object.assign(client, { [resource]: noting(resource, client[resource]) });
  return client;
}

describe.each([
  { name: "SDK 1.15", connect: () => new Client(options()) },
  // Declared twice by two packages; what is called here has the same shape in both.
  { name: "SDK 2.0.0", connect: () => new OlderClient(options()) as unknown as Client },
])("every method of $name", ({ name, connect }) => {
  const called = new Set<string>();
  const has = (method: string): boolean => methodsOf(connect()).includes(method);
  const client = () => noteCalls(connect(), called);
  const tag = { tag: name };

  it("of assistants", async () => {
    const { assistants } = client();
    const made = await assistants.create({ graphId: "two_nodes", name: `${name} one`, metadata: tag });
    const id = made.assistant_id;
    expect(await assistants.get(id)).toEqual(made);
    expect(await assistants.update(id, { name: `${name} two`, graphId: "two_nodes" })).toMatchObject({ version: 2 });
    expect((await assistants.getVersions(id)).map(({ version }) => version)).toEqual([2, 1]);
    expect(await assistants.setLatest(id, 1)).toMatchObject({ version: 1, name: `${name} one` });
    expect(await assistants.search({ metadata: tag })).toHaveLength(1);
    expect(await assistants.count({ metadata: tag })).toBe(1);
    expect((await assistants.getGraph(id)).nodes.map((node) => node.id)).toContain("first");
    expect(await assistants.getSchemas(id)).toMatchObject({ graph_id: "two_nodes" });
    expect(await assistants.getSubgraphs("parent")).toHaveProperty("child");
    await assistants.delete(id);
    await expect(assistants.get(id)).rejects.toThrow("HTTP 404");
  });

  it("of threads", async () => {
    const { threads, runs } = client();
    const { thread_id: id } = await threads.create({ metadata: tag });
    await runs.wait(id, "two_nodes", { input: { log: ["a"] } });
    expect(await threads.get(id)).toMatchObject({ status: "idle", metadata: tag });
    await threads.update(id, { metadata: { more: 1 } });
    expect(await threads.search({ metadata: { ...tag, more: 1 } })).toMatchObject([{ thread_id: id }]);
    expect(await threads.count({ metadata: tag })).toBe(1);
    await threads.patchState(id, { noted: true });
    await threads.updateState(id, { values: { log: ["b"] }, asNode: "first" });
    const state = await threads.getState<{ log: string[] }>(id);
    expect(state).toMatchObject({ values: { log: ["a", "first", "second", "b"] }, next: ["second"] });
    expect((await threads.getHistory(id)).length).toBeGreaterThan(3);
    // The newer line calls it deprecated to expect the copy as an answer; the older one does not declare it.
    const copy = (await threads.copy(id)) as unknown as { thread_id: string };
    expect(await threads.getState(copy.thread_id)).toMatchObject({ values: state.values });

    const gate = createGate(`coverage ${name}`);
    const watched = await threads.create();
    const started = await runs.create(watched.thread_id, "behaving", { input: { mode: `wait:coverage ${name}` } });
    await gate.reached;
    const abort = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      const stream = threads.joinStream(watched.thread_id, {
        lastEventId: "-1",
        streamMode: ["run_modes", "lifecycle"],
        signal: abort.signal,
      });
      for await (const { event } of stream) {
        seen.push(event);
        if (event.startsWith("values") && seen.length > 2) break;
      }
    })();
    gate.open();
    await runs.join(watched.thread_id, started.run_id);
    await watching;
    abort.abort();
    expect(seen).toContain("values");

    if (has("threads.stream")) {
      const stream = threads.stream(crypto.randomUUID(), { assistantId: "two_nodes" });
      await stream.run.start({ input: { log: ["a"] } });
      expect(await stream.output).toEqual({ log: ["a", "first", "second"] });
      await stream.close();
    }
    if (has("threads.prune")) {
      await threads.prune([copy.thread_id], { strategy: "delete" });
      await expect(threads.get(copy.thread_id)).rejects.toThrow("HTTP 404");
    }
    await threads.delete(id);
    await expect(threads.get(id)).rejects.toThrow("HTTP 404");
  });

  it("of runs", async () => {
    const { threads, runs } = client();
    const { thread_id: id } = await threads.create();
    const events = await collect(
      runs.stream(id, "two_nodes", { input: {}, streamMode: "values", streamResumable: true }),
    );
    const { run_id: streamed } = originOf(events);
    expect(events.findLast(({ event }) => event === "values")).toMatchObject({ data: { log: ["first", "second"] } });
    const again = await collect<{ event: string }>(runs.joinStream(id, streamed, { lastEventId: "-1" }));
    expect(again.map(({ event }) => event)).toEqual(events.map(({ event }) => event));
    const created = await runs.create(id, "two_nodes", { input: {} });
    expect(await runs.join(id, created.run_id)).toMatchObject({ log: ["first", "second", "first", "second"] });
    expect(await runs.get(id, created.run_id)).toMatchObject({ status: "success" });
    expect(await runs.list(id)).toHaveLength(2);
    expect(await runs.wait(null, "doubled", { input: { value: 4 } })).toEqual({ value: 8 });
    const batch = await runs.createBatch([
      { assistantId: "two_nodes", input: {} },
      { assistantId: "doubled", input: { value: 1 } },
    ]);
    expect(batch).toHaveLength(2);

    const later = await runs.create(id, "two_nodes", { input: {}, afterSeconds: 3_600 });
    await runs.cancel(id, later.run_id, true);
    expect(await runs.get(id, later.run_id)).toMatchObject({ status: "interrupted" });
    if (has("runs.cancelMany")) {
      const other = await runs.create(id, "two_nodes", { input: {}, afterSeconds: 3_600 });
      await runs.cancelMany({ threadId: id, runIds: [other.run_id] });
      expect(await runs.get(id, other.run_id)).toMatchObject({ status: "interrupted" });
    }
    await runs.delete(id, created.run_id);
    await expect(runs.get(id, created.run_id)).rejects.toThrow("HTTP 404");
  });

  it("of crons", async () => {
    const { crons, threads } = client();
    const payload = { schedule: "0 0 1 1 *", input: {}, metadata: tag };
    const { thread_id: threadId } = await threads.create();
    // Declared as what a run is; the answer is a cron in every server.
    const free = (await crons.create("two_nodes", payload)) as unknown as { cron_id: string };
    const bound = (await crons.createForThread(threadId, "two_nodes", payload)) as unknown as { cron_id: string };
    expect(await crons.update(free.cron_id, { enabled: false })).toMatchObject({ enabled: false });
    expect(await crons.search({ threadId })).toMatchObject([{ cron_id: bound.cron_id, thread_id: threadId }]);
    expect(await crons.count({ threadId })).toBe(1);
    await crons.delete(bound.cron_id);
    await crons.delete(free.cron_id);
    expect(await crons.count({ threadId })).toBe(0);
  });

  it("of the store", async () => {
    const { store } = client();
    const root = name.replaceAll(/\W/g, "_");
    await store.putItem([root, "notes"], "a", { text: "hello" });
    expect(await store.getItem([root, "notes"], "a")).toMatchObject({ value: { text: "hello" } });
    expect((await store.searchItems([root], { filter: { text: "hello" } })).items).toHaveLength(1);
    expect(await store.listNamespaces({ prefix: [root] })).toEqual({ namespaces: [[root, "notes"]] });
    await store.deleteItem([root, "notes"], "a");
    expect(await store.getItem([root, "notes"], "a")).toBeNull();
  });

  it("has been called above", () => {
    const methods = methodsOf(connect());
    expect(methods.length).toBeGreaterThan(38);
    expect(methods.filter((method) => !called.has(method))).toEqual([]);
  });
});
