import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp();
});
afterAll(() => server.close());

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

async function post(url: string, payload: string | object, headers: Record<string, string> = {}) {
  const response = await server.app.inject({ method: "POST", url, payload, headers });
  return { text: response.payload, body: response.json<Problem>() };
}

async function threadWith(graph: string, input: object = {}): Promise<string> {
  const { body } = await post("/threads", {});
  const { thread_id: threadId } = body as unknown as { thread_id: string };
  await post(`/threads/${threadId}/runs/wait`, { assistant_id: graph, input });
  return threadId;
}

describe("what a refused body is told", () => {
  it("says where JSON is broken", async () => {
    const { body } = await post("/threads", '{"metadata":{"a":NaN}}', { "content-type": "text/plain" });
    expect(body).toMatchObject({ status: 400, code: "invalid_json" });
    expect(body.detail).toMatch(/^the body is not valid JSON: .*NaN/);
  });

  it("says that a body is not UTF-8, in place of storing other characters", async () => {
    const { body } = await post("/threads", Buffer.from('{"metadata":{"name":"J\xf6rg"}}', "latin1"));
    expect(body).toMatchObject({ status: 400, code: "invalid_json" });
    expect(body.detail).toContain("UTF-8");
  });

  it("names the header of a compressed body", async () => {
    const { body } = await post("/threads", gzipSync("{}"), { "content-encoding": "gzip" });
    expect(body).toMatchObject({ status: 400, code: "bad_request", errors: [{ field: "content-encoding" }] });
    expect((await post("/threads", "{}", { "content-encoding": "identity" })).body.status).toBe("idle");
  });

  it("says what the depth of a drawing may be", async () => {
    const response = await server.app.inject({ url: "/assistants/two_nodes/graph?xray=maybe" });
    expect(response.json()).toMatchObject({ status: 422, detail: "xray: must be true, false or how many levels" });
  });

  it("does not repeat a megabyte of what was sent", async () => {
    const goto = `begin${"x".repeat(1_000_000)}end`;
    const { text, body } = await post("/runs/wait", { assistant_id: "two_nodes", command: { goto } });
    expect(body).toMatchObject({ status: 422, errors: [{ field: "command.goto" }] });
    expect(body.detail).toMatch(
      /^command\.goto: no node "begin.* \[\d+ characters left out\] .*end"; nodes are first, second$/,
    );
    expect(text.length).toBeLessThan(6_000);
  });

  it("lists a hundred of a thousand bad fields", async () => {
    const { text, body } = await post("/threads/prune", { thread_ids: Array.from({ length: 1_000 }, () => 1) });
    expect([body.status, body.errors?.length]).toEqual([422, 100]);
    expect(text.length).toBeLessThan(20_000);
  });
});

describe("requests that would have been passed over in silence", () => {
  it.each([{}, { resume: null }, { update: {} }, { goto: [] }, { resume: null, update: null, goto: null }])(
    "refuses the empty command %j and leaves the thread alone",
    async (command) => {
      const threadId = await threadWith("approval");
      const { body } = await post(`/threads/${threadId}/runs/wait`, { assistant_id: "approval", command });
      expect(body).toMatchObject({ status: 422, errors: [{ field: "command" }] });
      const thread = await server.app.inject({ url: `/threads/${threadId}` });
      expect(thread.json()).toMatchObject({ status: "interrupted", error: null });
    },
  );

  it("refuses a checkpoint map of something else than ids", async () => {
    const threadId = await threadWith("two_nodes");
    const checkpoint = { checkpoint_map: { a: 1 } };
    const { body } = await post(`/threads/${threadId}/runs/wait`, { assistant_id: "two_nodes", checkpoint });
    expect(body).toMatchObject({ status: 422, errors: [{ field: "checkpoint.checkpoint_map.a" }] });
  });

  it("refuses to fork from a subgraph's checkpoint without the map that leads there", async () => {
    const threadId = await threadWith("two_nodes");
    const checkpoint = { checkpoint_ns: "child:1", checkpoint_id: "1f1e6e1d-801c-6220-8001-7a84c4bb72c2" };
    const { body } = await post(`/threads/${threadId}/runs/wait`, { assistant_id: "two_nodes", checkpoint });
    expect(body).toMatchObject({ status: 422, errors: [{ field: "checkpoint" }] });
    expect(body.detail).toContain("checkpoint_map");
  });

  it.each([{ checkpoint_id: 7 }, { configurable: { checkpoint_id: [] } }, { configurable: 1 }])(
    "refuses a history before %j",
    async (before) => {
      const { body } = await post(`/threads/${await threadWith("two_nodes")}/history`, { before });
      expect(body).toMatchObject({ status: 422, errors: [{ field: "before" }] });
    },
  );

  it("takes a history before nothing for the whole history", async () => {
    const url = `/threads/${await threadWith("two_nodes")}/history`;
    const whole = await server.app.inject({ url });
    expect(whole.json<unknown[]>().length).toBeGreaterThan(1);
    expect((await server.app.inject({ url: `${url}?before=` })).json()).toEqual(whole.json());
    expect((await post(url, { before: "" })).body).toEqual(whole.json());
  });
});

describe("what a failed node is told", () => {
  it("is the message of its error, in the state of the thread", async () => {
    const threadId = await threadWith("behaving", { mode: "fail" });
    const state = await server.app.inject({ url: `/threads/${threadId}/state` });
    expect(state.json()).toMatchObject({ tasks: [{ error: "the node broke" }] });
  });
});
