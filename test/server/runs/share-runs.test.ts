import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { ServiceError } from "../../../lib/errors.ts";
import { newUuid } from "../../../lib/ids.ts";
import { systemAssistantId } from "../../../server/graph-registry.ts";
import { openStorage } from "../../../server/store/open-storage.ts";
import type { Run } from "../../../server/store/runs.ts";
import type { Store } from "../../../server/store/store.ts";
import { newThread } from "../../../server/store/threads.ts";
import { type TestPostgres, hasPostgres, schemaOf, startTestPostgres } from "../../support/postgres.ts";
import { type TestApp, startTestApp } from "../../support/test-app.ts";
import { TEST_GRAPHS, createGate } from "../../support/test-graphs.ts";
import { createTestRun } from "../../support/test-run.ts";

/** What a process does for the runs that it shares with others when something goes wrong. */
describe.skipIf(!hasPostgres())("a process that shares its runs", () => {
  let postgres: TestPostgres;
  let uri: string;
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    uri = await postgres.createSchema();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** `around` changes what the app is told by its store. */
  const start = async (
    around: (store: Store) => Store = (store) => store,
    graphs = TEST_GRAPHS,
    env: Readonly<Record<string, string>> = {},
  ): Promise<TestApp> => {
    const storage = await openStorage({ home: "", databaseUri: uri });
    await storage.guard.tryAcquire();
    const { checkpointer, guard, bus } = storage;
    const options = { store: around(storage.store), checkpointer, guard, bus };
    const server = await startTestApp({ graphs, env, options });
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= server.close().then(() => storage.close()));
    closers.push(close);
    return { ...server, store: storage.store, checkpointer, close };
  };
  /** A run that nobody has. */
  const leaveRun = async ({ store }: TestApp, changes: Partial<Run> = {}): Promise<Run> => {
    const run = createTestRun({
      runId: newUuid(),
      threadId: newUuid(),
      assistantId: systemAssistantId("two_nodes"),
      owner: null,
      ...changes,
    });
    await store.threads.insert({ ...newThread(run.threadId, 0), status: "busy" });
    await store.runs.insert({ ...run, kwargs: { ...run.kwargs, input: { log: [run.runId] } } });
    return run;
  };
  const post = async ({ app }: TestApp, url: string, payload: object = {}): Promise<Record<string, string>> => {
    const answer = await app.inject({ method: "POST", url, payload });
    expect(answer.statusCode).toBeLessThan(300);
    return answer.body === "" ? {} : answer.json();
  };
  const newThreadOf = async (server: TestApp): Promise<string> => (await post(server, "/threads"))["thread_id"] ?? "";
  const begin = async (server: TestApp, threadId: string, payload: object): Promise<string> =>
    (await post(server, `/threads/${threadId}/runs`, { multitask_strategy: "enqueue", ...payload }))["run_id"] ?? "";
  const untilStatus = ({ store }: TestApp, runId: string, status: string): Promise<void> =>
    vi.waitFor(async () => expect(await store.runs.get(runId)).toMatchObject({ status }), 12_000);

  it("leaves one that it could not take up to the next who asks", async () => {
    let failures = 1;
    const server = await start((store) => ({
      ...store,
      assistants: {
        ...store.assistants,
        get: (id) => {
          failures -= 1;
          return failures >= 0 ? Promise.reject(new Error("connection lost")) : store.assistants.get(id);
        },
      },
    }));
    const runs = [await leaveRun(server), await leaveRun(server)];
    for (const { runId } of runs) await untilStatus(server, runId, "success");
    expect(failures).toBeLessThan(0);
  });

  it("leaves one whose acceptance it did not hear of to the others", async () => {
    let isDeaf = true;
    const server = await start((store) => ({
      ...store,
      async transaction(work, options) {
        const result = await store.transaction(work, options);
        if (isDeaf && options?.lock !== undefined) throw new ServiceError("storage_failed", "connection lost");
        return result;
      },
    }));
    const threadId = await newThreadOf(server);
    const payload = { assistant_id: "two_nodes", input: {} };
    expect((await server.app.inject({ method: "POST", url: `/threads/${threadId}/runs`, payload })).statusCode).toBe(
      503,
    );
    isDeaf = false;
    const [run] = await server.store.runs.list(threadId, {}, { limit: 1, offset: 0 });
    await untilStatus(server, run?.runId ?? "", "success");
  });

  it("does not hold up a thread with a run whose time has not come", async () => {
    const [first, second] = [await start(), await start()];
    const threadId = await newThreadOf(first);
    const later = await begin(first, threadId, { assistant_id: "two_nodes", input: {}, after_seconds: 3_600 });
    const now = await begin(second, threadId, { assistant_id: "two_nodes", input: {} });
    await untilStatus(second, now, "success");
    expect(await first.store.runs.get(later)).toMatchObject({ status: "pending", owner: null });
  });

  it("executes a run that it accepts after one that it is still taking up", async () => {
    const gate = Promise.withResolvers<void>();
    let isHeld = false;
    const server = await start((store) => ({
      ...store,
      assistants: {
        ...store.assistants,
        async get(id) {
          if (isHeld) {
            isHeld = false;
            await gate.promise;
          }
          return store.assistants.get(id);
        },
      },
    }));
    const threadId = newUuid();
    isHeld = true;
    const left = await leaveRun(server, { threadId });
    await vi.waitFor(async () => expect((await server.store.runs.get(left.runId))?.owner).not.toBeNull(), 5_000);
    const next = await begin(server, threadId, { assistant_id: "two_nodes", input: { log: ["next"] } });
    await vi.waitFor(async () => expect(await server.store.runs.get(next)).toMatchObject({ status: "pending" }));
    gate.resolve();
    await untilStatus(server, next, "success");
    const values = (await server.store.threads.get(threadId))?.values;
    expect(values).toMatchObject({ log: [left.runId, "first", "second", "next", "first", "second"] });
  });

  it("can stop a run that it executes again because its end could not be stored", async () => {
    const begun: PromiseWithResolvers<void>[] = [];
    const failing = new StateGraph(Annotation.Root({ value: Annotation<string> }))
      .addNode("fail", async () => {
        const gate = Promise.withResolvers<void>();
        begun.push(gate);
        await gate.promise;
        throw new Error("the node broke");
      })
      .addEdge(START, "fail")
      .compile();
    let isBroken = false;
    const around = (store: Store): Store => ({
      ...store,
      transaction: (work, options) =>
        isBroken && options?.lock !== undefined
          ? Promise.reject(new ServiceError("storage_failed", "connection lost"))
          : store.transaction(work, options),
    });
    const server = await start(around, { ...TEST_GRAPHS, failing } as typeof TEST_GRAPHS);
    const threadId = await newThreadOf(server);
    const runId = await begin(server, threadId, { assistant_id: "failing", input: { value: "" } });
    await vi.waitFor(() => expect(begun).toHaveLength(1));
    isBroken = true;
    const joined = server.app.inject(`/threads/${threadId}/runs/${runId}/join`);
    // The request is on its way once another one has been answered.
    await server.app.inject("/ok");
    begun[0]?.resolve();
    expect((await joined).json()).toMatchObject({ __error__: { error: "StorageError" } });
    isBroken = false;
    await vi.waitFor(() => expect(begun).toHaveLength(2), 5_000);
    await post(server, `/threads/${threadId}/runs/${runId}/cancel?wait=true`);
    expect(await server.store.runs.get(runId)).toMatchObject({ status: "interrupted", attempt: 2 });
    begun[1]?.resolve();
  });

  it("shows the end of a run once that another one has taken over and ended", async () => {
    const held = Promise.withResolvers<void>();
    let executions = 0;
    const heldOnce = new StateGraph(Annotation.Root({ value: Annotation<string> }))
      .addNode("hold", async () => {
        executions += 1;
        if (executions === 1) await held.promise;
        return { value: "done" };
      })
      .addEdge(START, "hold")
      .compile();
    const graphs = { ...TEST_GRAPHS, held_once: heldOnce } as typeof TEST_GRAPHS;
    // While it executes the run it has no room for another, so it does not take back what it has lost.
    const first = await start(undefined, graphs, { MAX_CONCURRENT_RUNS: "1" });
    const threadId = await newThreadOf(first);
    const options = { assistant_id: "held_once", input: { value: "" }, stream_resumable: true };
    const runId = await begin(first, threadId, options);
    await vi.waitFor(() => expect(executions).toBe(1));
    await postgres.query(`insert into ${schemaOf(uri)}.replicas values ('other', $1)`, [Date.now() + 3_600_000]);
    await postgres.query(`update ${schemaOf(uri)}.runs set owner = 'other'`);
    const second = await start(undefined, graphs);
    await postgres.query(`update ${schemaOf(uri)}.runs set owner = null`);
    await untilStatus(second, runId, "success");
    const joined = first.app.inject(`/threads/${threadId}/runs/${runId}/join`);
    held.resolve();
    expect((await joined).json()).toEqual({ value: "done" });
    const url = `/threads/${threadId}/runs/${runId}/stream`;
    const read = async ({ app }: TestApp): Promise<string> =>
      (await app.inject({ url, headers: { "last-event-id": "-1" } })).body;
    const stream = await read(first);
    const names = ["metadata", "values", "metadata", "values", "values", "end"];
    expect(stream.match(/(?<=^event: ).*$/gm)).toEqual(names);
    expect(await read(second)).toBe(stream);
  });

  it("closes although a run is lost meanwhile", async () => {
    const server = await start();
    const threadId = await newThreadOf(server);
    const gate = createGate("lost");
    const runId = await begin(server, threadId, { assistant_id: "behaving", input: { mode: "wait:lost" } });
    await gate.reached;
    const joined = server.app.inject(`/threads/${threadId}/runs/${runId}/join`);
    await postgres.query(`insert into ${schemaOf(uri)}.replicas values ('other', $1)`, [Date.now() + 3_600_000]);
    const closing = server.close();
    await postgres.query(`update ${schemaOf(uri)}.runs set owner = 'other'`);
    gate.open();
    expect((await joined).json()).toMatchObject({ __error__: { error: "ServerStopping" } });
    await closing;
  });

  it("delivers the webhooks that another one left when it stopped", async () => {
    const server = await start();
    const webhook = { runId: "run", threadId: "thread", url: "http://127.0.0.1:9/", body: "{}", createdAtMs: 1 };
    await server.store.runWebhooks.insert(webhook, "leaving");
    await server.store.runWebhooks.releaseAll();
    const count = (): Promise<unknown[]> => postgres.query(`select from ${schemaOf(uri)}.run_webhooks`);
    await vi.waitFor(async () => expect(await count()).toEqual([]), 12_000);
  });
});
