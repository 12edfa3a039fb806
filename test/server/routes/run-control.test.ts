import { afterEach, describe, expect, it, vi } from "vitest";

import type { Store } from "../../../server/store/store.ts";
import { type TestApp, createTempFolder, startTestApp } from "../../support/test-app.ts";
import { createGate } from "../../support/test-graphs.ts";
import { openTestStorage } from "../../support/test-storage.ts";

let server: TestApp;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const start = async (...settings: Parameters<typeof startTestApp>): Promise<void> => {
  const started = await startTestApp(...settings);
  server = started;
  closers.push(() => started.close());
};

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const call = async (method: "GET" | "POST" | "DELETE", url: string, payload?: object): Promise<Answer> => {
  const answer = await server.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
  return { status: answer.statusCode, body: answer.body.trim() === "" ? undefined : answer.json<unknown>() };
};

interface StartedRun {
  readonly threadId: string;
  readonly runId: string;
  readonly path: string;
}

const startRun = async (assistantId: string, input: object): Promise<StartedRun> => {
  const { thread_id: threadId } = (await call("POST", "/threads", {})).body as { thread_id: string };
  const body = { assistant_id: assistantId, input };
  const { run_id: runId } = (await call("POST", `/threads/${threadId}/runs`, body)).body as { run_id: string };
  return { threadId, runId, path: `/threads/${threadId}/runs/${runId}` };
};

const endRun = async (assistantId: string, input: object): Promise<StartedRun> => {
  const run = await startRun(assistantId, input);
  await call("GET", `${run.path}/join`);
  return run;
};

const QUERIES = ["", "?wait=true", "?action=rollback", "?action=rollback&wait=true"];

const refusal = (status: string): Answer => ({
  status: 409,
  body: expect.objectContaining({ code: "conflict", detail: `the run has already ended; its status is ${status}` }),
});

describe("cancelling a run that has ended", () => {
  it.each([
    { status: "success", graph: "two_nodes", input: {} },
    { status: "error", graph: "behaving", input: { mode: "fail" } },
    { status: "interrupted", graph: "approval", input: {} },
  ])("is refused with its status, $status, and leaves everything as it is", async ({ status, graph, input }) => {
    await start();
    const run = await endRun(graph, input);
    const before = await call("GET", `/threads/${run.threadId}/state`);
    for (const query of QUERIES) expect(await call("POST", `${run.path}/cancel${query}`)).toEqual(refusal(status));
    expect((await call("GET", run.path)).body).toMatchObject({ status });
    expect(await call("GET", `/threads/${run.threadId}/state`)).toEqual(before);
  });

  it("is refused after it was cancelled, and unknown after it was rolled back", async () => {
    await start();
    const gates = ["ended by cancel", "ended by rollback"].map((name) => ({ name, gate: createGate(name) }));
    const [cancelled, undone] = await Promise.all(
      gates.map(async ({ name, gate }) => {
        const run = await startRun("behaving", { mode: `hang:${name}` });
        await gate.reached;
        return run.path;
      }),
    );
    expect((await call("POST", `${cancelled}/cancel?wait=true`)).status).toBe(204);
    expect((await call("POST", `${undone}/cancel?wait=true&action=rollback`)).status).toBe(204);
    for (const query of QUERIES) {
      expect(await call("POST", `${cancelled}/cancel${query}`)).toEqual(refusal("interrupted"));
      expect(await call("POST", `${undone}/cancel${query}`)).toMatchObject({ status: 404 });
    }
  });

  it("is refused after a restart, too", async () => {
    const folder = createTempFolder();
    closers.push(() => folder.remove());
    await start({ home: folder.path });
    const { path } = await endRun("two_nodes", {});
    await closers.pop()?.();
    await start({ home: folder.path });
    expect(await call("POST", `${path}/cancel`)).toEqual(refusal("success"));
  });

  it("is no failure among several that are named, and none of deleting it", async () => {
    await start();
    const { threadId, runId, path } = await endRun("two_nodes", {});
    expect((await call("POST", "/runs/cancel", { thread_id: threadId, run_ids: [runId] })).status).toBe(204);
    expect((await call("DELETE", path)).status).toBe(204);
    expect((await call("POST", `${path}/cancel`)).status).toBe(404);
  });
});

describe("cancelling a run that is about to end", () => {
  /** Holds back the commit of whatever comes after `hold`. */
  const startHeld = async () => {
    const storage = await openTestStorage(undefined);
    closers.push(() => storage.close());
    await storage.guard.tryAcquire();
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isHeld = false;
    let reads = 0;
    const transaction: Store["transaction"] = async (work, options) => {
      if (isHeld) {
        reached.resolve();
        await released.promise;
      }
      return storage.store.transaction(work, options);
    };
    const { store, checkpointer, guard, bus } = storage;
    const get: Store["runs"]["get"] = async (runId) => {
      const run = await store.runs.get(runId);
      reads += 1;
      return run;
    };
    const held = { ...store, runs: { ...store.runs, get }, transaction };
    await start({ options: { store: held, checkpointer, guard, bus } });
    return {
      hold: () => {
        isHeld = true;
      },
      reached: reached.promise,
      /** Cancels and waits; the commit is released when the request has seen that the run goes on. */
      cancelAndRelease: async (path: string): Promise<Answer> => {
        const before = reads;
        const waiting = call("POST", `${path}/cancel?wait=true`);
        await vi.waitFor(() => expect(reads).toBeGreaterThan(before));
        released.resolve();
        return waiting;
      },
    };
  };

  it("is taken as often as it is asked for while the run stops", async () => {
    const { hold, reached, cancelAndRelease } = await startHeld();
    const gate = createGate("stops twice");
    const { path } = await startRun("behaving", { mode: "hang:stops twice" });
    await gate.reached;
    hold();
    expect((await call("POST", `${path}/cancel`)).status).toBe(202);
    await reached;
    expect((await call("POST", `${path}/cancel`)).status).toBe(202);
    expect((await cancelAndRelease(path)).status).toBe(204);
    expect(await call("POST", `${path}/cancel`)).toEqual(refusal("interrupted"));
  });

  it("is taken when the run succeeds meanwhile", async () => {
    const { hold, reached, cancelAndRelease } = await startHeld();
    const gate = createGate("ends meanwhile");
    const { path } = await startRun("behaving", { mode: "wait:ends meanwhile" });
    await gate.reached;
    hold();
    gate.open();
    await reached;
    expect((await call("POST", `${path}/cancel`)).status).toBe(202);
    expect((await cancelAndRelease(path)).status).toBe(204);
    expect((await call("GET", path)).body).toMatchObject({ status: "success" });
    expect(await call("POST", `${path}/cancel`)).toEqual(refusal("success"));
  });
});
