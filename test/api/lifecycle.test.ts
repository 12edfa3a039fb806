import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { createManualClock } from "../support/manual-clock.ts";
import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";
import { SDKS } from "./clients.ts";

let server: TestApp;
beforeAll(async () => {
  server = await startTestApp({ isListening: true });
});
afterAll(() => server.close());

const [current] = SDKS;
const GONE = "00000000-0000-4000-8000-000000000000";
const say = (content: string) => ({ input: { messages: [{ role: "user", content }] } });

describe.each(SDKS)("$name assistant versions", ({ connect }) => {
  it("number every change, list them newest first and go back to an older one", async () => {
    const { assistants } = connect(server.url);
    const { assistant_id: id } = await assistants.create({ graphId: "echo", name: "v1", metadata: { team: "a" } });
    await assistants.update(id, { name: "v2", config: { recursion_limit: 7 } });
    await assistants.update(id, { name: "v3", metadata: { team: "b" } });
    const names = async (options = {}): Promise<string[]> =>
      (await assistants.getVersions(id, options)).map(({ version, name }) => `${version} ${name}`);
    expect(await names()).toEqual(["3 v3", "2 v2", "1 v1"]);
    expect(await names({ limit: 1, offset: 1 })).toEqual(["2 v2"]);
    expect(await names({ metadata: { team: "b" } })).toEqual(["3 v3"]);

    expect(await assistants.setLatest(id, 1)).toMatchObject({ version: 1, name: "v1", config: {} });
    expect(await assistants.get(id)).toMatchObject({ version: 1, name: "v1" });
    // The next change is a new version, not a second number 2.
    expect(await assistants.update(id, { name: "v4" })).toMatchObject({
      version: 4,
      name: "v4",
      metadata: { team: "a" },
    });
    await expect(assistants.setLatest(id, 99)).rejects.toThrow(/404.*no version 99/);
    await assistants.delete(id);
    await expect(assistants.getVersions(id)).rejects.toThrow(/404.*Assistant not found/);
  });
});

describe("deleting an assistant", () => {
  it("takes the threads it was used on along when asked", async () => {
    const client = current.connect(server.url);
    const kept = await client.threads.create();
    await client.runs.wait(kept.thread_id, "echo", say("keep me"));
    const { assistant_id: id } = await client.assistants.create({ graphId: "echo", name: "short-lived" });
    const used = await client.threads.create();
    await client.runs.wait(used.thread_id, id, say("hello"));
    await client.assistants.delete(id, { deleteThreads: true });
    await expect(client.threads.get(used.thread_id)).rejects.toThrow(/404/);
    expect(await client.threads.get(kept.thread_id)).toMatchObject({ status: "idle" });
  });
});

describe("pruning", () => {
  it("removes whole threads, or their history without their state", async () => {
    const client = current.connect(server.url);
    const [one, two] = [await client.threads.create(), await client.threads.create()];
    for (const { thread_id: id } of [one, two]) {
      await client.runs.wait(id, "echo", say("first"));
      await client.runs.wait(id, "echo", say("second"));
    }
    const before = await client.threads.getState(one.thread_id);
    expect((await client.threads.getHistory(one.thread_id)).length).toBeGreaterThan(3);
    expect(await client.threads.prune([one.thread_id, GONE], { strategy: "keep_latest" })).toEqual({ pruned_count: 1 });
    expect(await client.threads.getHistory(one.thread_id)).toHaveLength(1);
    expect((await client.threads.getState(one.thread_id)).values).toEqual(before.values);
    // The thread goes on as if nothing had happened.
    const after = await client.runs.wait(one.thread_id, "echo", say("third"));
    expect((after as { messages: unknown[] }).messages).toHaveLength(6);
    await client.threads.prune([two.thread_id]);
    await expect(client.threads.get(two.thread_id)).rejects.toThrow(/404/);
  });

  it("keeps an approval that waits", async () => {
    const client = current.connect(server.url);
    const { thread_id: id } = await client.threads.create();
    await client.runs.wait(id, "approval", { input: {} });
    await client.threads.prune([id], { strategy: "keep_latest" });
    expect(await client.runs.wait(id, "approval", { command: { resume: "yes" } })).toEqual({
      answers: ["yes", "done"],
    });
  });
});

describe("time to live of a thread", () => {
  it("ends it so long after its last change, and never while a run works on it", async () => {
    const clock = createManualClock();
    const timed = await startTestApp({ clock });
    const request = async (method: "GET" | "POST" | "PATCH", url: string, payload?: object) => {
      const answer = await timed.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
    };
    const create = async (ttl: unknown): Promise<string> =>
      String((await request("POST", "/threads", { ttl })).body["thread_id"]);
    const [short, cut, kept] = [await create(5), await create({ ttl: 5, strategy: "keep_latest" }), await create(null)];
    expect((await request("GET", `/threads/${cut}?include=ttl`)).body["ttl"]).toEqual({
      ttl: 5,
      strategy: "keep_latest",
    });
    for (const _ of [1, 2]) await request("POST", `/threads/${cut}/runs/wait`, { assistant_id: "echo", ...say("hi") });
    await clock.advance(4 * 60_000);
    await request("PATCH", `/threads/${short}`, { metadata: { touched: true } });
    await clock.advance(2 * 60_000);
    await vi.waitFor(async () => {
      expect((await timed.app.inject({ url: `/threads/${cut}/history` })).json<unknown[]>()).toHaveLength(1);
    });
    expect((await request("GET", `/threads/${short}`)).status).toBe(200);
    // A sweeper that does not sleep again yet misses a minute and looks at the next one.
    await vi.waitFor(async () => {
      await clock.advance(60_000);
      expect((await request("GET", `/threads/${short}`)).status).toBe(404);
    }, 5_000);
    expect((await request("GET", `/threads/${kept}`)).status).toBe(200);
    await timed.close();
  });
});

describe("parts of threads and states", () => {
  it("selects fields and single values, and extracts by path", async () => {
    const client = current.connect(server.url);
    const { thread_id: id } = await client.threads.create({ metadata: { owner: "ann" } });
    await client.runs.wait(id, "echo", say("hello"));
    await client.threads.patchState(id, { stage: "review" });
    expect(await client.threads.get(id)).toMatchObject({ metadata: { owner: "ann", stage: "review" } });
    const state = await client.threads.getState(id, undefined, { select: ["values.messages", "next"] });
    expect(Object.keys(state).toSorted((left, right) => left.localeCompare(right))).toEqual(["next", "values"]);
    const [latest] = await client.threads.getHistory(id, { limit: 1, select: ["checkpoint", "values.none"] });
    expect(latest).toEqual({ checkpoint: expect.objectContaining({ thread_id: id }), values: {} });
    const [found] = await client.threads.search({
      ids: [id],
      select: ["thread_id"],
      extract: {
        last: "values.messages[-1].content",
        owner: "metadata.owner",
        none: "values.messages[9].content",
        proto: "metadata.__proto__.toString",
      },
    });
    expect(found).toEqual({
      thread_id: id,
      extracted: { last: "you said: hello", owner: "ann", none: null, proto: null },
    });
  });
});

describe("stopping many runs", () => {
  it("stops those of a thread, or all of a status", async () => {
    const client = current.connect(server.url);
    const gates = ["many-a", "many-b"].map((name) => ({ name, gate: createGate(name) }));
    const threads = await Promise.all(gates.map(() => client.threads.create()));
    const runs = await Promise.all(
      threads.map(({ thread_id: id }, at) =>
        client.runs.create(id, "behaving", { input: { mode: `hang:${gates[at]?.name ?? ""}` } }),
      ),
    );
    await Promise.all(gates.map(({ gate }) => gate.reached));
    const status = async (at: number): Promise<string> =>
      (await client.runs.get(threads[at]?.thread_id ?? "", runs[at]?.run_id ?? "")).status;
    await client.runs.cancelMany({ threadId: threads[0]?.thread_id ?? "", runIds: [runs[0]?.run_id ?? ""] });
    expect([await status(0), await status(1)]).toEqual(["interrupted", "running"]);
    await expect(client.runs.cancelMany({ threadId: threads[0]?.thread_id ?? "", runIds: [GONE] })).rejects.toThrow(
      /404.*Run not found/,
    );
    await client.runs.cancelMany({ status: "all" });
    expect(await status(1)).toBe("interrupted");
    const answer = await server.app.inject({ method: "POST", url: "/runs/cancel", payload: {} });
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      422,
      expect.stringContaining('"thread_id" with "run_ids", or "status"'),
    ]);
  });
});
