import { Client } from "@langchain/langgraph-sdk";
import { Auth, HTTPException, isStudioUser } from "@langchain/langgraph-sdk/auth";
import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createLog } from "../../lib/log.ts";
import { createCustomAuth } from "../../server/auth/custom-auth.ts";
import { type TestApp, startTestApp } from "../support/test-app.ts";
import { TEST_GRAPHS } from "../support/test-graphs.ts";
import { collect } from "./clients.ts";

const log = createLog({ level: "silent" });

/** As upstream's documentation writes it: the bearer token names the user, everything belongs to who made it. */
const owned = new Auth()
  .authenticate((request: Request) => {
    const user = /^Bearer (\w+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    if (user === undefined) throw new HTTPException(401, { message: "who are you?", headers: { "x-hint": "token" } });
    if (user === "broken") throw new TypeError(`no such token: ${user}`);
    return { identity: user, permissions: [`is:${user}`], token: `secret-of-${user}` };
  })
  .on("*", ({ action, value, user }) => {
    if (isStudioUser(user)) return true;
    if (["create", "create_run", "update"].includes(action)) {
      Object.assign(value, { metadata: { ...("metadata" in value ? value.metadata : {}), owner: user.identity } });
    }
    return { owner: user.identity };
  })
  .on("assistants:search", ({ user }) => ({ owner: { $eq: user.identity } }))
  .on("threads:read", ({ user }) => {
    if (user.identity === "eve") throw new Error("the handler broke");
    return { owner: user.identity };
  })
  .on("threads:delete", ({ user }) => (user.identity === "guest" ? false : { owner: user.identity }))
  .on("store", ({ value, user }) => {
    // Handlers of upstream users write it like this: every namespace begins with the user.
    (value as { namespace: string[] }).namespace = [user.identity, ...((value.namespace as string[] | null) ?? [])];
  });

const State = Annotation.Root({ seen: Annotation<unknown> });
const whoami = new StateGraph(State)
  .addNode("look", (_state, { configurable }: LangGraphRunnableConfig) => ({
    seen: [
      configurable?.["langgraph_auth_user_id"],
      configurable?.["langgraph_auth_permissions"],
      (configurable?.["langgraph_auth_user"] as { token?: string } | undefined)?.token,
    ],
  }))
  .addEdge(START, "look")
  .compile();

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({
    isListening: true,
    graphs: { ...TEST_GRAPHS, whoami },
    options: { auth: createCustomAuth({ auth: owned, isStudioDisabled: false, log }) },
  });
});
afterAll(() => server.close());

const as = (user: string): Client =>
  new Client({
    apiUrl: server.url,
    apiKey: null,
    defaultHeaders: { authorization: `Bearer ${user}` },
    callerOptions: { maxRetries: 0 },
  });
const ann = (): Client => as("ann");
const bob = (): Client => as("bob");
const NOT_FOUND = /404/;

describe("two users", () => {
  it("see, count and change only their own threads", async () => {
    const mine = await ann().threads.create({ metadata: { topic: "x" } });
    await bob().threads.create({ metadata: { topic: "x" } });
    expect(mine.metadata).toMatchObject({ owner: "ann", topic: "x" });
    const found = await ann().threads.search({ metadata: { topic: "x" } });
    expect(found.map(({ thread_id: id }) => id)).toEqual([mine.thread_id]);
    expect(await ann().threads.count({ metadata: { topic: "x" } })).toBe(1);
    expect(await ann().threads.search({ metadata: { owner: "bob" } })).toEqual([]);
    expect(await ann().threads.count({ metadata: { owner: "bob" } })).toBe(0);
    const { threads, runs } = bob();
    const id = mine.thread_id;
    for (const attempt of [
      () => threads.get(id),
      () => threads.update(id, { metadata: { owner: "bob" } }),
      () => threads.getState(id),
      () => threads.getHistory(id),
      () => threads.updateState(id, { values: { log: ["x"] } }),
      () => threads.copy(id),
      () => threads.delete(id),
      () => runs.list(id),
      () => runs.create(id, "two_nodes", { input: {} }),
      () => runs.wait(id, "two_nodes", { input: {}, ifNotExists: "create" }),
      () => collect(runs.stream(id, "two_nodes", { input: {} })),
      () => collect(threads.joinStream(id)),
      () => bob().crons.createForThread(id, "two_nodes", { schedule: "0 0 1 1 *" }),
    ]) {
      await expect(attempt(), attempt.toString()).rejects.toThrow(NOT_FOUND);
    }
    await expect(threads.create({ threadId: id, ifExists: "do_nothing" })).rejects.toThrow(NOT_FOUND);
    await threads.prune([id]);
    expect(await ann().threads.get(id)).toMatchObject({ metadata: { owner: "ann" } });
    await ann().threads.delete(id);
  });

  it("see only their own runs, with a thread or without", async () => {
    const { thread_id: id } = await ann().threads.create();
    const run = await ann().runs.create(id, "two_nodes", { input: {} });
    await ann().runs.join(id, run.run_id);
    const alone = await ann().runs.create(null, "two_nodes", { input: {}, onCompletion: "keep" } as object);
    const { thread_id: bobs } = await bob().threads.create();
    const { runs } = bob();
    for (const attempt of [
      () => runs.get(id, run.run_id),
      () => runs.get(bobs, run.run_id),
      () => runs.join(id, run.run_id),
      () => runs.cancel(id, run.run_id),
      () => runs.delete(id, run.run_id),
      () => collect(runs.joinStream(id, run.run_id)),
      () => collect(runs.joinStream(bobs, run.run_id)),
      () => collect(runs.joinStream(null, alone.run_id)),
      () => runs.cancelMany({ threadId: id, runIds: [run.run_id] }),
    ]) {
      await expect(attempt(), attempt.toString()).rejects.toThrow(NOT_FOUND);
    }
    const events = await collect(ann().runs.joinStream(null, alone.run_id, { lastEventId: "-1" }));
    expect(events.at(-1)?.event).toBe("end");
    expect(await ann().runs.get(id, run.run_id)).toMatchObject({ status: "success", metadata: { owner: "ann" } });
  });

  it("stop only their own runs when they stop all", async () => {
    const later = async (client: Client) => {
      const { thread_id: id } = await client.threads.create();
      return { id, run: await client.runs.create(id, "two_nodes", { input: {}, afterSeconds: 1_000 }) };
    };
    const [mine, others] = [await later(ann()), await later(bob())];
    await bob().runs.cancelMany({ status: "all" });
    expect(await ann().runs.get(mine.id, mine.run.run_id)).toMatchObject({ status: "pending" });
    expect(await bob().runs.get(others.id, others.run.run_id)).toMatchObject({ status: "interrupted" });
    await ann().runs.cancelMany({ status: "all" });
  });

  it("see only their own assistants, and run those of the graphs", async () => {
    const assistant = await ann().assistants.create({ graphId: "two_nodes", name: "mine" });
    expect((await ann().assistants.search()).map(({ name }) => name)).toEqual(["mine"]);
    expect(await bob().assistants.search()).toEqual([]);
    const { assistants, runs } = bob();
    const id = assistant.assistant_id;
    for (const attempt of [
      () => assistants.get(id),
      () => assistants.getGraph(id),
      () => assistants.update(id, { name: "his" }),
      () => assistants.delete(id),
      () => runs.wait(null, id, { input: {} }),
    ]) {
      await expect(attempt(), attempt.toString()).rejects.toThrow(NOT_FOUND);
    }
    await expect(assistants.create({ graphId: "two_nodes", assistantId: id, ifExists: "do_nothing" })).rejects.toThrow(
      /409/,
    );
    expect(await ann().runs.wait(null, id, { input: {} })).toMatchObject({ log: ["first", "second"] });
  });

  it("see only their own crons", async () => {
    const cron = (await ann().crons.create("two_nodes", { schedule: "0 0 1 1 *" })) as unknown as { cron_id: string };
    expect(await bob().crons.search()).toEqual([]);
    await expect(bob().crons.delete(cron.cron_id)).rejects.toThrow(NOT_FOUND);
    const found = await ann().crons.search();
    expect(found).toMatchObject([{ cron_id: cron.cron_id, metadata: { owner: "ann" } }]);
    expect(JSON.stringify(found)).not.toContain("secret-of-ann");
    await ann().crons.delete(cron.cron_id);
  });

  it("have their own corner of the store, wherever they ask for", async () => {
    await ann().store.putItem(["notes"], "a", { text: "hers" });
    expect(await ann().store.getItem(["notes"], "a")).toMatchObject({ namespace: ["ann", "notes"] });
    expect(await bob().store.getItem(["notes"], "a")).toBeNull();
    expect(await bob().store.getItem(["ann", "notes"], "a")).toBeNull();
    expect(await bob().store.searchItems([])).toEqual({ items: [] });
    expect(await bob().store.listNamespaces({})).toEqual({ namespaces: [] });
    expect((await ann().store.searchItems([])).items).toHaveLength(1);
    await ann().store.deleteItem(["notes"], "a");
    expect(await ann().store.getItem(["notes"], "a")).toBeNull();
  });
});

describe("the graph", () => {
  it("learns who called, and nobody reads it from the run or can claim to be another", async () => {
    const { thread_id: id } = await ann().threads.create();
    const config = { configurable: { langgraph_auth_user_id: "bob", langgraph_auth_user: { token: "x" } } };
    expect(await ann().runs.wait(id, "whoami", { input: {}, config })).toEqual({
      seen: ["ann", ["is:ann"], "secret-of-ann"],
    });
    const [run] = await ann().runs.list(id);
    expect(JSON.stringify([run, await ann().threads.get(id)])).not.toMatch(/langgraph_auth|"x"/);
  });

  it("learns it from every run of a batch, too", async () => {
    const runs = await ann().runs.createBatch([{ assistantId: "whoami", input: {}, onCompletion: "keep" } as never]);
    const thread = String(runs[0]?.thread_id);
    await ann().runs.join(thread, String(runs[0]?.run_id));
    expect((await ann().threads.get(thread)).values).toMatchObject({ seen: ["ann", ["is:ann"], "secret-of-ann"] });
  });
});

describe("the thread-centric protocol", () => {
  const command = async (user: string, id: string, method: string, params: object) => {
    const answer = await fetch(`${server.url}/threads/${id}/commands`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${user}` },
      body: JSON.stringify({ id: 1, method, params }),
    });
    return (await answer.json()) as { type: string; message?: string; result?: Record<string, unknown> };
  };
  const start = { assistant_id: "whoami", input: {} };

  it("hides threads of others from commands and streams", async () => {
    const { thread_id: id } = await ann().threads.create();
    expect(await command("bob", id, "run.start", start)).toMatchObject({ type: "error", message: "Thread not found" });
    expect(await command("bob", id, "state.get", {})).toMatchObject({ type: "error" });
    const stream = await fetch(`${server.url}/threads/${id}/stream/events`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer bob" },
      body: JSON.stringify({ channels: ["values"] }),
    });
    expect(stream.status).toBe(404);
    expect(await command("ann", id, "run.start", start)).toMatchObject({ type: "success" });
  });

  it("ends a stream that was opened before somebody else made the thread", async () => {
    const id = crypto.randomUUID();
    const early = await fetch(`${server.url}/threads/${id}/stream/events`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer bob" },
      body: JSON.stringify({ channels: ["values", "lifecycle"] }),
    });
    expect(await command("ann", id, "run.start", start)).toMatchObject({ type: "success" });
    expect(await early.text()).not.toContain("event:");
  });

  it("asks on a socket for every command", async () => {
    const { thread_id: id } = await ann().threads.create();
    const { WebSocket } = await import("ws");
    const talk = async (user: string, thread: string): Promise<unknown> => {
      const socket = new WebSocket(`${server.url.replace("http", "ws")}/threads/${thread}/stream/events`, {
        headers: { authorization: `Bearer ${user}` },
      });
      const { promise, resolve } = Promise.withResolvers<unknown>();
      socket.on("open", () => socket.send(JSON.stringify({ id: 7, method: "run.start", params: start })));
      socket.on("message", (data) => resolve(JSON.parse((data as Buffer).toString())));
      socket.on("unexpected-response", (request, response) => {
        request.destroy();
        resolve(response.statusCode);
      });
      socket.on("error", () => undefined);
      const answer = await promise;
      socket.terminate();
      return answer;
    };
    expect(await talk("bob", id)).toBe(404);
    expect(await talk("nobody here", id)).toBe(401);
    expect(await talk("ann", id)).toMatchObject({ type: "success", id: 7 });
    // A thread that comes to be on the socket itself belongs to whoever made it.
    const fresh = crypto.randomUUID();
    expect(await talk("bob", fresh)).toMatchObject({ type: "success" });
    await expect(ann().threads.get(fresh)).rejects.toThrow(NOT_FOUND);
    expect(await bob().threads.get(fresh)).toMatchObject({ metadata: { owner: "bob" } });
  });
});

describe("what handlers answer", () => {
  it("is passed on: status, text and headers of an HTTPException", async () => {
    const answer = await fetch(`${server.url}/threads/search`, { method: "POST", body: "{}" });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("x-hint")).toBe("token");
    expect(await answer.json()).toMatchObject({ detail: "who are you?", code: "unauthorized" });
  });

  it("keeps probes open and covers every other path", async () => {
    for (const path of ["/ok", "/livez", "/readyz", "/info"]) {
      expect([path, (await fetch(server.url + path)).status]).toEqual([path, 200]);
    }
    for (const path of [
      "/docs/",
      "/openapi.json",
      "/metrics",
      "/assistants/two_nodes",
      "/store/items?key=a",
      "/nowhere",
    ]) {
      expect([path, (await fetch(server.url + path)).status]).toEqual([path, 401]);
    }
  });

  it("lets nobody in when authenticate breaks, and says nothing of why", async () => {
    const answer = await fetch(`${server.url}/threads/count`, {
      method: "POST",
      headers: { authorization: "Bearer broken" },
      body: "{}",
    });
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain("no such token");
  });

  it("shows nothing when an on-handler breaks or says no", async () => {
    const eves = await as("eve").threads.create();
    await expect(as("eve").threads.get(eves.thread_id)).rejects.toThrow(/500/);
    const guests = await as("guest").threads.create();
    await expect(as("guest").threads.delete(guests.thread_id)).rejects.toThrow(/403/);
    expect(await as("guest").threads.get(guests.thread_id)).toMatchObject({ metadata: { owner: "guest" } });
  });
});

describe("Studio", () => {
  const studio = (headers: Record<string, string>) =>
    server.app.inject({
      method: "POST",
      url: "/assistants/search",
      headers: { "x-auth-scheme": "langsmith", ...headers },
      payload: { metadata: { created_by: "system" }, limit: 1 },
    });

  it("is let in on this machine", async () => {
    expect((await studio({ origin: "https://smith.langchain.com" })).statusCode).toBe(200);
  });

  it("is not believed from other pages or through a proxy", async () => {
    for (const [name, value] of [
      ["origin", "https://evil.example"],
      ["x-forwarded-for", "203.0.113.9"],
    ] as const) {
      expect((await studio({ [name]: value })).statusCode).toBe(401);
    }
  });
});
