import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { newUuid } from "../../lib/ids.ts";
import { createCheckpointer } from "../../server/store/checkpointer.ts";
import { createStore } from "../../server/store/store.ts";
import { systemAssistantId } from "../../server/graph-registry.ts";
import { createTempFolder, startTestApp } from "../support/test-app.ts";
import { copyTestStorage, openTestStorage } from "../support/test-storage.ts";
import { createGate } from "../support/test-graphs.ts";

let folder: ReturnType<typeof createTempFolder>;

beforeEach(() => {
  folder = createTempFolder();
});
afterEach(() => folder.remove());

describe("a restart", () => {
  it("keeps threads, their state, history and runs", async () => {
    const first = await startTestApp({ home: folder.path });
    const thread = (await first.app.inject({ method: "POST", url: "/threads", payload: {} })).json<{
      thread_id: string;
    }>();
    const url = `/threads/${thread.thread_id}`;
    await first.app.inject({
      method: "POST",
      url: `${url}/runs/wait`,
      payload: { assistant_id: "approval", input: {} },
    });
    await first.close();

    const second = await startTestApp({ home: folder.path });
    expect((await second.app.inject(url)).json()).toMatchObject({ status: "interrupted" });
    expect((await second.app.inject(`${url}/runs`)).json()).toMatchObject([{ status: "interrupted" }]);
    const resumed = await second.app.inject({
      method: "POST",
      url: `${url}/runs/wait`,
      payload: { assistant_id: "approval", command: { resume: "yes" } },
    });
    expect(resumed.json()).toEqual({ answers: ["yes", "done"] });
    await second.close();
  });

  it("goes on with a run that a dead process was executing, and then with one it had only accepted", async () => {
    const storage = await openTestStorage(folder.path);
    const { store } = storage;
    const threadId = newUuid();
    const running = newUuid();
    const waiting = newUuid();
    const nowMs = Date.now();
    const run = {
      threadId,
      assistantId: systemAssistantId("two_nodes"),
      metadata: {},
      multitaskStrategy: "enqueue" as const,
      attempt: 1,
      isTemporary: false,
      startAtMs: nowMs,
      stopRequested: null,
      owner: "a former process",
      followedBy: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      kwargs: {
        input: {},
        command: null,
        config: { configurable: {} },
        context: null,
        stream_mode: ["values" as const],
        subgraphs: false,
        resumable: false,
        temporary: false,
        interrupt_before: null,
        interrupt_after: null,
        durability: "async" as const,
        webhook: null,
      },
    };
    const first = await startTestApp({ home: folder.path });
    await first.app.inject({
      method: "POST",
      url: "/threads",
      payload: { thread_id: threadId, metadata: { graph_id: "two_nodes" } },
    });
    await first.close();
    await store.runs.insert({ ...run, runId: running, status: "running" });
    await store.runs.insert({ ...run, runId: waiting, status: "pending" });
    await storage.close();

    const second = await startTestApp({ home: folder.path });
    const joined = await second.app.inject(`/threads/${threadId}/runs/${waiting}/join`);
    expect(joined.json()).toEqual({ log: ["first", "second", "first", "second"] });
    const runs = (await second.app.inject(`/threads/${threadId}/runs`)).json<{ run_id: string; status: string }[]>();
    expect(runs.map(({ run_id, status }) => [run_id, status])).toEqual([
      [waiting, "success"],
      [running, "success"],
    ]);
    expect((await second.app.inject(`/threads/${threadId}`)).json()).toMatchObject({ status: "idle" });
    await second.close();
  });
});

describe("a crash", () => {
  it("keeps the thread busy and goes on with its runs in their order", async () => {
    const first = await startTestApp({ home: folder.path });
    const gate = createGate("crash");
    const { thread_id: threadId } = (await first.app.inject({ method: "POST", url: "/threads", payload: {} })).json<{
      thread_id: string;
    }>();
    const url = `/threads/${threadId}`;
    const start = (payload: object) => first.app.inject({ method: "POST", url: `${url}/runs`, payload });
    const { run_id: running } = (await start({ assistant_id: "behaving", input: { mode: "wait:crash" } })).json<{
      run_id: string;
    }>();
    await gate.reached;
    await start({
      assistant_id: "behaving",
      input: { mode: "x" },
      multitask_strategy: "enqueue",
      after_seconds: 600,
    });
    // A process that dies stores nothing more: the second one sees what it would find on the disk.
    const after = createTempFolder();
    await copyTestStorage(folder.path, after.path);
    const again = createGate("crash");
    const second = await startTestApp({ home: after.path });
    await again.reached;
    expect((await second.app.inject(url)).json()).toMatchObject({ status: "busy" });
    again.open();
    expect((await second.app.inject(`${url}/runs/${running}/join`)).json()).toMatchObject({ result: "waited" });
    const runs = (await second.app.inject(`${url}/runs`)).json<{ run_id: string; status: string }[]>();
    expect(runs.map(({ status }) => status)).toEqual(["pending", "success"]);
    expect((await second.app.inject(url)).json()).toMatchObject({ status: "busy", values: { mode: "wait:crash" } });
    await second.close();
    after.remove();
    gate.open();
    await first.close();
  });
});

describe("a shutdown", () => {
  it("lets a running run end, and refuses new ones", async () => {
    const gate = createGate("drain");
    const server = await startTestApp({ home: folder.path, isListening: true });
    const thread = (await server.app.inject({ method: "POST", url: "/threads", payload: {} })).json<{
      thread_id: string;
    }>();
    const url = `/threads/${thread.thread_id}`;
    const run = (
      await server.app.inject({
        method: "POST",
        url: `${url}/runs`,
        payload: { assistant_id: "behaving", input: { mode: "wait:drain" } },
      })
    ).json<{ run_id: string }>();
    await gate.reached;
    const closing = server.app.close();
    gate.open();
    await closing;
    expect(await server.store.runs.get(run.run_id)).toMatchObject({ status: "success" });
    await server.store.close();
    await server.checkpointer.close();
  });
});

describe("a shutdown with runs that have not started", () => {
  it("tells those who wait for them, and leaves the runs to the next start", async () => {
    const gate = createGate("holding");
    const server = await startTestApp({ home: folder.path, isListening: true, env: { MAX_CONCURRENT_RUNS: "1" } });
    const post = (url: string, body: object): Promise<Response> =>
      fetch(`${server.url}${url}`, { method: "POST", body: JSON.stringify(body) });
    const threads = await Promise.all(
      [1, 2, 3].map(async () => ((await (await post("/threads", {})).json()) as { thread_id: string }).thread_id),
    );
    const [first = "", second = "", third = ""] = threads.map((id) => `/threads/${id}/runs`);
    await post(first, { assistant_id: "behaving", input: { mode: "wait:holding" } });
    await gate.reached;
    const queued = await post(`${second}/stream`, { assistant_id: "two_nodes", input: {} });
    const delayed = await post(`${third}/stream`, { assistant_id: "two_nodes", input: {}, after_seconds: 600 });
    const closed = server.close();
    expect(await queued.text()).toContain("ServerStopping");
    expect(await delayed.text()).toContain("ServerStopping");
    gate.open();
    await closed;

    const next = await startTestApp({ home: folder.path });
    const [run] = (await next.app.inject(second)).json<{ run_id: string }[]>();
    expect((await next.app.inject(`${second}/${run?.run_id}/join`)).json()).toEqual({ log: ["first", "second"] });
    expect((await next.app.inject(third)).json()).toMatchObject([{ status: "pending" }]);
    await next.close();
  });
});

describe("a home that cannot be used", () => {
  it("is refused with the path and the setting when a file is in the way", async () => {
    const blocked = path.join(folder.path, "blocked");
    writeFileSync(blocked, "");
    await expect(createStore({ path: path.join(blocked, "nemops.db") })).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringMatching(/blocked.*NEMOPS_HOME/),
    });
    expect(() => createCheckpointer({ path: path.join(blocked, "checkpoints.db") })).toThrow(/NEMOPS_HOME/);
  });

  it("is refused when the file is not a database", async () => {
    const file = path.join(folder.path, "nemops.db");
    writeFileSync(file, "this is not a database, but a text that is long enough to be taken for one".repeat(20));
    await expect(createStore({ path: file })).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringContaining("not a database"),
    });
  });

  it("is refused at once below a folder that takes no entries, also for root", async () => {
    await expect(createStore({ path: "/proc/nemops/nemops.db" })).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringMatching(/NEMOPS_HOME.*writable/),
    });
  });

  it.skipIf(process.getuid?.() === 0)("is refused when it is read-only", async () => {
    const home = path.join(folder.path, "read-only");
    mkdirSync(home);
    chmodSync(home, 0o500);
    await expect(createStore({ path: path.join(home, "nemops.db") })).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringContaining("writable"),
    });
  });
});

// Only SQLite can be told to have no space left.
describe.skipIf(process.env["TEST_POSTGRES_URL"] !== undefined)("a disk that is full", () => {
  it("fails the run with the reason, ends its stream, and lets the server go on", async () => {
    const server = await startTestApp({ home: folder.path });
    const thread = (await server.app.inject({ method: "POST", url: "/threads", payload: {} })).json<{
      thread_id: string;
    }>();
    const url = `/threads/${thread.thread_id}`;
    // SQLite's own way to run out of space: no page may be added to the file of the checkpoints.
    const { db } = server.checkpointer.saver as unknown as { db: { pragma(text: string): unknown } };
    db.pragma("max_page_count = 1");
    const payload = { assistant_id: "two_nodes", input: { log: ["x".repeat(100_000)] } };
    const failed = await server.app.inject({ method: "POST", url: `${url}/runs/wait`, payload });
    expect(failed.json()).toMatchObject({ __error__: { message: expect.stringMatching(/full/) } });
    expect((await server.app.inject(url)).json()).toMatchObject({ status: "error" });
    db.pragma("max_page_count = 1000000");
    const again = await server.app.inject({ method: "POST", url: `${url}/runs/wait`, payload });
    expect(again.json()).toMatchObject({ log: expect.arrayContaining(["first", "second"]) });
    await server.close();
  });
});
