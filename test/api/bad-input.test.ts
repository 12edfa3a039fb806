import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { CASES, UUID } from "./bad-input-cases.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp();
});
afterAll(() => server.close());

describe("bad input", () => {
  it.each(CASES)(
    "$what gets $status $code",
    async ({ path, body, method = "POST", headers, status, code, field, detail }) => {
      const response = await server.app.inject({
        method,
        url: path,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const problem = response.json<{
        status: number;
        code: string;
        detail: string;
        request_id: string;
        errors?: { field: string; message: string }[];
      }>();
      expect(problem).toMatchObject({ status, code, detail: expect.stringMatching(detail ?? /\w/) });
      expect(response.statusCode).toBe(status);
      expect(response.headers["x-request-id"]).toBe(problem.request_id);
      if (field !== undefined) expect(problem.errors?.map((error) => error.field)).toContain(field);
    },
  );

  it.each([
    { what: "an unknown assistant", bad: { assistant_id: "nope" }, status: 404, detail: "Assistant not found" },
    {
      what: "an unknown node",
      bad: { assistant_id: "two_nodes", interrupt_before: ["nowhere"] },
      status: 422,
      detail: '1.interrupt_before: no node "nowhere"; nodes are first, second',
    },
    {
      what: "a webhook to this machine",
      bad: { assistant_id: "two_nodes", webhook: "http://127.0.0.1/hook" },
      status: 422,
      detail: expect.stringMatching(/^1\.webhook: .*not a public address/),
    },
  ])("a batch with $what starts none of its runs", async ({ bad, status, detail }) => {
    const good = { assistant_id: "two_nodes", input: {}, on_completion: "keep", metadata: { batch: detail } };
    const response = await server.app.inject({ method: "POST", url: "/runs/batch", payload: [good, bad] });
    expect(response.json()).toMatchObject({ status, detail });
    const threads = await server.app.inject({ method: "POST", url: "/threads/count", payload: {} });
    expect([threads.json(), await server.store.runs.unfinished()]).toEqual([0, []]);
  });

  it("leaves Object's prototype alone", () => {
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("names every bad field at once", async () => {
    const response = await server.app.inject({
      method: "POST",
      url: "/runs/wait",
      payload: { assistant_id: 7, stream_mode: "x", after_seconds: "soon" },
    });
    const { errors } = response.json<{ errors: { field: string }[] }>();
    expect(errors.map(({ field }) => field).sort()).toEqual(["after_seconds", "assistant_id", "stream_mode"]);
  });
});

describe("bad input on a thread", () => {
  const call = async (method: "GET" | "POST", url: string, payload?: object) => {
    const response = await server.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
  };
  const threadWith = async (graph: string): Promise<string> => {
    const { body } = await call("POST", "/threads", {});
    await call("POST", `/threads/${String(body["thread_id"])}/runs/wait`, { assistant_id: graph, input: {} });
    return String(body["thread_id"]);
  };

  it("a resume of a thread that waits for nothing gets 422 and starts no run", async () => {
    const threadId = await threadWith("two_nodes");
    const { status, body } = await call("POST", `/threads/${threadId}/runs/wait`, {
      assistant_id: "two_nodes",
      command: { resume: "yes" },
    });
    expect(status).toBe(422);
    expect(body).toMatchObject({ errors: [{ field: "command.resume" }] });
    expect((await call("GET", `/threads/${threadId}/runs`)).body).toHaveLength(1);
  });

  it("a resume of another interrupt's id gets 422 and keeps the interrupt", async () => {
    const threadId = await threadWith("approval");
    const { status } = await call("POST", `/threads/${threadId}/runs/wait`, {
      assistant_id: "approval",
      command: { resume: { ["0".repeat(32)]: "yes" } },
    });
    expect(status).toBe(422);
    expect((await call("GET", `/threads/${threadId}`)).body).toMatchObject({ status: "interrupted" });
  });

  it("a checkpoint that is not there gets 404, for state and for runs", async () => {
    const threadId = await threadWith("two_nodes");
    expect(await call("GET", `/threads/${threadId}/state/${UUID}`)).toMatchObject({
      status: 404,
      body: { code: "checkpoint_not_found" },
    });
    expect(
      await call("POST", `/threads/${threadId}/runs/wait`, { assistant_id: "two_nodes", checkpoint_id: UUID }),
    ).toMatchObject({ status: 404, body: { code: "checkpoint_not_found" } });
  });

  it("a state update by a node that is not there gets 422", async () => {
    const threadId = await threadWith("two_nodes");
    const { status, body } = await call("POST", `/threads/${threadId}/state`, {
      values: { log: ["x"] },
      as_node: "third",
    });
    expect(status).toBe(422);
    expect(body["detail"]).toMatch(/third/);
  });

  it("a state update of a thread without a graph gets 409", async () => {
    const { body } = await call("POST", "/threads", {});
    expect(await call("POST", `/threads/${String(body["thread_id"])}/state`, { values: {} })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
  });

  it("a thread id that is taken gets 409", async () => {
    await call("POST", "/threads", { thread_id: UUID });
    expect(await call("POST", "/threads", { thread_id: UUID })).toMatchObject({
      status: 409,
      body: { detail: "Thread already exists" },
    });
  });

  it("supersteps that the graph refuses leave no thread behind", async () => {
    const threadId = crypto.randomUUID();
    const created = await call("POST", "/threads", {
      thread_id: threadId,
      metadata: { graph_id: "two_nodes" },
      supersteps: [{ updates: [{ values: {}, as_node: "third" }] }],
    });
    expect(created.status).toBe(422);
    expect((await call("GET", `/threads/${threadId}`)).status).toBe(404);
  });

  it("a stream mode that there is not gets 422 when a run is joined", async () => {
    const threadId = await threadWith("two_nodes");
    const listed = await server.app.inject({ url: `/threads/${threadId}/runs?select=run_id` });
    const [run] = listed.json<{ run_id: string }[]>();
    const path = `/threads/${threadId}/runs/${run?.run_id}/stream`;
    const { status, body } = await call("GET", `${path}?stream_mode=updates,everything`);
    expect([status, body["errors"]]).toEqual([
      422,
      [{ field: "stream_mode", message: expect.stringContaining('no mode "everything"; modes are values, messages') }],
    ]);
    const messages = await server.app.inject({
      url: `${path}?stream_mode=messages-tuple&stream_mode=updates`,
      headers: { "last-event-id": "-1" },
    });
    expect([messages.statusCode, messages.payload]).toEqual([200, expect.stringContaining("event: end")]);
  });

  it("a Last-Event-ID that is no id gets 422", async () => {
    const threadId = await threadWith("two_nodes");
    const { body: runs } = await call("GET", `/threads/${threadId}/runs`);
    const [{ run_id: runId } = { run_id: "" }] = runs as unknown as { run_id: string }[];
    const response = await server.app.inject({
      url: `/threads/${threadId}/runs/${runId}/stream`,
      headers: { "last-event-id": "1; drop" },
    });
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({ errors: [{ field: "Last-Event-ID" }] });
  });
});
