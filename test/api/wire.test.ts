import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true, env: { HEARTBEAT_MS: "100" } });
});
afterAll(() => server.close());

const post = (path: string, body: unknown, init: RequestInit = {}): Promise<Response> =>
  fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });

const newThread = async (): Promise<string> => {
  const { thread_id: id } = (await (await post("/threads", {})).json()) as { thread_id: string };
  return id;
};

/** Splits an event stream into its frames. */
const frames = (text: string): string[] => text.split("\n\n").filter((frame) => frame !== "");

describe("event streams", () => {
  it("are frames of id, event and one line of data, numbered from 0", async () => {
    const response = await post("/runs/stream", { assistant_id: "two_nodes", input: {}, stream_mode: "updates" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const [metadata, ...rest] = frames(await response.text());
    expect(metadata).toMatch(
      /^id: 0\nevent: metadata\ndata: \{"run_id":"[0-9a-f-]{36}","thread_id":"[0-9a-f-]{36}","attempt":1\}$/,
    );
    expect(rest).toEqual([
      'id: 1\nevent: updates\ndata: {"first":{"log":["first"]}}',
      'id: 2\nevent: updates\ndata: {"second":{"log":["second"]}}',
      "id: 3\nevent: end\ndata: null",
    ]);
  });

  it("name the run in Content-Location and the way to reconnect in Location", async () => {
    const threadId = await newThread();
    const response = await post(`/threads/${threadId}/runs/stream`, { assistant_id: "two_nodes", input: {} });
    const path = response.headers.get("content-location") ?? "";
    expect(path).toMatch(new RegExp(`^/threads/${threadId}/runs/[0-9a-f-]{36}$`));
    expect(response.headers.get("location")).toBe(`${path}/stream`);
    const first = frames(await response.text());
    const again = await fetch(`${server.url}${path}/stream`, { headers: { "last-event-id": "1" } });
    expect(frames(await again.text())).toEqual(first.slice(2));
  });

  it("can be reconnected to for stateless runs as well", async () => {
    const response = await post("/runs/stream", { assistant_id: "two_nodes", input: {} });
    expect(response.headers.get("content-location")).toMatch(/^\/runs\/[0-9a-f-]{36}$/);
    const first = await response.text();
    const again = await fetch(`${server.url}${response.headers.get("location")}`, {
      headers: { "last-event-id": "-1" },
    });
    expect(await again.text()).toBe(first);
  });

  it("answer their head at once though the run is silent", async () => {
    const patient = await startTestApp({ isListening: true, env: { HEARTBEAT_MS: "60000" } });
    try {
      const gate = createGate("head");
      const request = { assistant_id: "behaving", input: { mode: "wait:head" }, stream_resumable: true };
      const started = await fetch(`${patient.url}/runs/stream`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
      });
      await gate.reached;
      const joined = await fetch(`${patient.url}${started.headers.get("location")}`);
      const waiting = await fetch(`${patient.url}${started.headers.get("location")}?stream_mode=custom`);
      expect(joined.headers.get("content-type")).toContain("text/event-stream");
      gate.open();
      // The input is an event, too, and may be stored a moment after the node has begun.
      expect(await joined.text()).toMatch(/^(: open\n\n)?id: \d+\nevent: values\n/);
      expect(frames(await waiting.text())).toEqual([": open", expect.stringContaining("event: end")]);
    } finally {
      await patient.close();
    }
  });

  it("carry heartbeat comments while a node is silent", async () => {
    const gate = createGate("heartbeat");
    const response = await post("/runs/stream", { assistant_id: "behaving", input: { mode: "wait:heartbeat" } });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.includes(": heartbeat\n\n")) gate.open();
    }
    expect(text).toContain("\n\n: heartbeat\n\n");
    expect(text).toContain("event: end");
  });

  it("show only the modes a reader asks for when it joins", async () => {
    const threadId = await newThread();
    const started = await post(`/threads/${threadId}/runs/stream`, {
      assistant_id: "two_nodes",
      input: {},
      stream_mode: ["values", "updates"],
    });
    await started.text();
    const joined = await fetch(`${server.url}${started.headers.get("location")}?stream_mode=updates`, {
      headers: { "last-event-id": "-1" },
    });
    const names = frames(await joined.text()).map((frame) => /event: (.*)/.exec(frame)?.[1]);
    expect(names).toEqual(["metadata", "updates", "updates", "end"]);
  });

  it("end at once for a run whose events are no longer kept", async () => {
    const threadId = await newThread();
    await (await post(`/threads/${threadId}/runs/wait`, { assistant_id: "two_nodes", input: {} })).text();
    const other = crypto.randomUUID();
    const response = await fetch(`${server.url}/threads/${threadId}/runs/${other}/stream`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: "Run not found" });
  });

  it("stop the run when their reader leaves and asked for that", async () => {
    const gate = createGate("leaving");
    const threadId = await newThread();
    const abort = new AbortController();
    const response = await post(
      `/threads/${threadId}/runs/stream`,
      { assistant_id: "behaving", input: { mode: "hang:leaving" }, on_disconnect: "cancel" },
      { signal: abort.signal },
    );
    await gate.reached;
    abort.abort();
    const path = response.headers.get("content-location") ?? "";
    await fetch(`${server.url}${path}/join`);
    expect(await (await fetch(`${server.url}${path}`)).json()).toMatchObject({ status: "interrupted" });
  });

  it("stop the run of a reader who left while it was being accepted", async () => {
    const body = JSON.stringify({ assistant_id: "behaving", input: { mode: "hang:gone" }, on_disconnect: "cancel" });
    const { hostname, port } = new URL(server.url);
    const stopped = async (): Promise<number> => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      expect(metrics).toMatch(/nemops_sse_clients 0\n/);
      expect(metrics).toMatch(/nemops_runs_active 0\n/);
      return Number(/runs_total\{graph_id="behaving",status="interrupted"\} (\d+)/.exec(metrics)?.[1] ?? 0);
    };
    const before = await vi.waitFor(stopped);
    for (const path of ["/runs/stream", "/runs/wait"]) {
      const socket = connect(Number(port), hostname);
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`, () =>
        socket.destroy(),
      );
      await once(socket, "close");
    }
    await vi.waitFor(async () => expect(await stopped()).toBe(before + 2));
  });

  it("go on without their reader by default", async () => {
    const gate = createGate("staying");
    const threadId = await newThread();
    const abort = new AbortController();
    const response = await post(
      `/threads/${threadId}/runs/stream`,
      { assistant_id: "behaving", input: { mode: "wait:staying" } },
      { signal: abort.signal },
    );
    await gate.reached;
    abort.abort();
    gate.open();
    const joined = await fetch(`${server.url}${response.headers.get("content-location")}/join`);
    expect(await joined.json()).toMatchObject({ result: "waited" });
  });

  it("deliver thousands of events to a slow reader without holding up a fast one", async () => {
    const threadId = await newThread();
    const run = await post(`/threads/${threadId}/runs/stream`, {
      assistant_id: "behaving",
      input: { mode: "flood" },
      stream_mode: "custom",
    });
    const slow = run.body?.getReader();
    const fast = await fetch(`${server.url}${run.headers.get("location")}`, { headers: { "last-event-id": "-1" } });
    const expected = frames(await fast.text());
    expect(expected).toHaveLength(2_002);
    let text = "";
    const decoder = new TextDecoder();
    for (let part = await slow?.read(); part?.done === false; part = await slow?.read()) {
      text += decoder.decode(part.value as Uint8Array, { stream: true });
    }
    expect(frames(text)).toEqual(expected);
  });
});

describe("waiting", () => {
  it("answers JSON with the place of the run and of its result", async () => {
    const threadId = await newThread();
    const response = await post(`/threads/${threadId}/runs/wait`, { assistant_id: "two_nodes", input: {} });
    expect(response.headers.get("content-type")).toContain("application/json");
    const path = response.headers.get("content-location");
    expect(response.headers.get("location")).toBe(`${path}/join`);
    expect(await response.json()).toEqual({ log: ["first", "second"] });
    expect(await (await fetch(`${server.url}${path}/join`)).json()).toEqual({ log: ["first", "second"] });
  });

  it("keeps the connection with line breaks that leave the body valid JSON", async () => {
    const gate = createGate("slow wait");
    const response = await post("/runs/wait", { assistant_id: "behaving", input: { mode: "wait:slow wait" } });
    gate.open();
    const text = await response.text();
    expect(text).toMatch(/^\n/);
    expect(JSON.parse(text)).toMatchObject({ result: "waited" });
  });

  it("answers 200 with the error of a failed run, once and by its name", async () => {
    const response = await post("/runs/wait", { assistant_id: "behaving", input: { mode: "fail" } });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ __error__: { error: "RangeError", message: "the node broke" } });
  });
});

describe("cancelling", () => {
  it("answers 202 at once, 204 when it waits, and 409 when the run has ended", async () => {
    const threadId = await newThread();
    const begin = async (name: string): Promise<string> => {
      const gate = createGate(name);
      const body = { assistant_id: "behaving", input: { mode: `hang:${name}` }, multitask_strategy: "enqueue" };
      const run = (await (await post(`/threads/${threadId}/runs`, body)).json()) as { run_id: string };
      await gate.reached;
      return `/threads/${threadId}/runs/${run.run_id}/cancel`;
    };
    expect((await post(`${await begin("cancel at once")}?wait=0`, "")).status).toBe(202);
    const path = await begin("cancel and wait");
    expect((await post(`${path}?wait=1&action=interrupt`, "")).status).toBe(204);
    const again = await post(`${path}?wait=0&action=interrupt`, "");
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({
      code: "conflict",
      detail: "the run has already ended; its status is interrupted",
    });
    expect((await post(`/threads/${threadId}/runs/${crypto.randomUUID()}/cancel`, "")).status).toBe(404);
  });
});

describe("LangGraph Studio", () => {
  it("is let in from a public page to a server on the user's machine", async () => {
    const response = await fetch(`${server.url}/assistants/search`, {
      method: "OPTIONS",
      headers: {
        origin: "https://smith.langchain.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-auth-scheme,x-api-key,content-type",
        "access-control-request-private-network": "true",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toBe("x-auth-scheme,x-api-key,content-type");
    expect(response.headers.get("access-control-allow-private-network")).toBe("true");
    expect(response.headers.get("access-control-allow-methods")).toContain("PATCH");
  });

  it("gets through its sequence of calls with text/plain bodies", async () => {
    const headers = {
      "content-type": "text/plain;charset=UTF-8",
      "x-auth-scheme": "langsmith",
      origin: "https://x.test",
    };
    const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
      const response = await fetch(server.url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect(`${path} ${response.status}`).toBe(`${path} 200`);
      expect(response.headers.get("access-control-expose-headers")).toContain("Content-Location");
      return response.headers.get("content-type")?.includes("json") === true ? response.json() : response.text();
    };
    expect(await call("GET", "/info")).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      context: "js",
      flags: { assistants: true, crons: true, langsmith: false },
    });
    const found = (await call("POST", "/assistants/search", {
      limit: 10,
      offset: 0,
      metadata: { created_by: "system" },
    })) as { assistant_id: string; graph_id: string }[];
    expect(found).toHaveLength(10);
    const id = "two_nodes";
    await call("GET", `/assistants/${id}`);
    expect(await call("GET", `/assistants/${id}/schemas`)).toMatchObject({ graph_id: id });
    await call("GET", `/assistants/${id}/subgraphs?recurse=true`);
    expect(await call("GET", `/assistants/${id}/graph?xray=true`)).toMatchObject({ nodes: expect.any(Array) });
    await call("POST", "/threads/search", { limit: 10, offset: 0, metadata: {} });
    const thread = (await call("POST", "/threads", {})) as { thread_id: string };
    const base = `/threads/${thread.thread_id}`;
    await call("GET", base);
    expect(await call("GET", `${base}/state?subgraphs=true`)).toMatchObject({
      values: {},
      next: [],
      tasks: [],
      checkpoint: null,
    });
    const stream = await call("POST", `${base}/runs/stream`, {
      assistant_id: id,
      input: {},
      stream_mode: ["debug", "values", "messages"],
      stream_subgraphs: true,
      interrupt_before: ["second"],
      multitask_strategy: "rollback",
    });
    expect(stream).toContain("event: debug");
    const history = (await call("POST", `${base}/history`, { limit: 10 })) as { checkpoint: unknown }[];
    expect(history.length).toBeGreaterThan(1);
    await call("POST", `${base}/state/checkpoint`, { checkpoint: history[0]?.checkpoint, subgraphs: true });
    await call("POST", `${base}/state`, { values: { log: ["by Studio"] }, as_node: "first" });
    expect(await call("GET", `${base}/runs`)).toHaveLength(1);
  });
});

describe("lists", () => {
  it("give the true total on every page and the next offset on all but the last", async () => {
    const tag = crypto.randomUUID();
    for (let index = 0; index < 3; index += 1) await post("/threads", { metadata: { tag } });
    const first = await post("/threads/search", { metadata: { tag }, limit: 2 });
    expect(first.headers.get("x-pagination-total")).toBe("3");
    expect(first.headers.get("x-pagination-next")).toBe("2");
    const last = await post("/threads/search", { metadata: { tag }, limit: 2, offset: 2 });
    expect(last.headers.get("x-pagination-total")).toBe("3");
    expect(last.headers.get("x-pagination-next")).toBeNull();
    expect(await last.json()).toHaveLength(1);
  });

  it("show the selected fields only", async () => {
    const tag = crypto.randomUUID();
    await post("/threads", { metadata: { tag } });
    const response = await post("/threads/search", { metadata: { tag }, select: ["thread_id", "status"] });
    expect(await response.json()).toEqual([{ thread_id: expect.any(String), status: "idle" }]);
  });
});

describe("bodies", () => {
  it("may come without a content type", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${server.url}/threads/search`, { method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", reject);
      request.end(JSON.stringify({ limit: 1 }));
    });
    expect(status).toBe(200);
  });

  it("may be absent where every field is optional", async () => {
    const response = await fetch(`${server.url}/threads`, { method: "POST" });
    expect(response.status).toBe(200);
  });
});
