import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";

/** What Studio sends: bodies as plain text, so that most requests need no preflight, and a mark of where it comes from. */
const ORIGIN = "https://smith.langchain.com";
const HEADERS = {
  origin: ORIGIN,
  "content-type": "text/plain;charset=UTF-8",
  "x-auth-scheme": "langsmith",
};

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp();
});
afterAll(() => server.close());

async function call(method: "GET" | "POST" | "PATCH", url: string, body?: string) {
  const response = await server.app.inject({
    method,
    url,
    headers: HEADERS,
    ...(body === undefined ? {} : { payload: body }),
  });
  expect([url, response.statusCode]).toEqual([url, 200]);
  expect(response.headers["access-control-allow-origin"]).toBe("*");
  expect(response.headers["access-control-expose-headers"]).toMatch(/content-location/i);
  return response;
}

describe("Studio", () => {
  it.each(["GET", "POST", "PUT", "PATCH", "DELETE"])(
    "may send %s from its page to a private address",
    async (method) => {
      const response = await server.app.inject({
        method: "OPTIONS",
        url: "/threads/search",
        headers: {
          origin: ORIGIN,
          "access-control-request-method": method,
          "access-control-request-headers": "content-type,x-auth-scheme,x-tenant-id",
          "access-control-request-private-network": "true",
        },
      });
      expect(response.statusCode).toBe(204);
      expect(response.headers).toMatchObject({
        "access-control-allow-origin": "*",
        "access-control-allow-private-network": "true",
        "access-control-allow-headers": "content-type,x-auth-scheme,x-tenant-id",
      });
      expect(response.headers["access-control-allow-methods"]).toContain(method);
    },
  );

  it("is not told of private networks when it did not ask", async () => {
    const response = await server.app.inject({
      method: "OPTIONS",
      url: "/info",
      headers: { origin: ORIGIN, "access-control-request-method": "GET" },
    });
    expect(response.headers).not.toHaveProperty("access-control-allow-private-network");
  });

  it.each([
    { graph: "chat", node: "model", input: '{"messages":[{"role":"user","content":"hi"}]}', chats: true },
    { graph: "parent", node: "before", input: '{"log":["a"]}', chats: false },
  ])("opens $graph, runs it, looks back and forks", async ({ graph, node, input, chats }) => {
    expect((await call("GET", "/info")).json()).toMatchObject({ flags: { assistants: true } });
    const search = '{"limit":10,"offset":0,"metadata":{"created_by":"system"},"graph_id":"' + graph + '"}';
    const [assistant] = (await call("POST", "/assistants/search", search)).json<{ assistant_id: string }[]>();
    const base = `/assistants/${assistant?.assistant_id}`;
    await call("GET", base);
    const schemas = (await call("GET", `${base}/schemas`)).body;
    expect(schemas.includes('"langgraph_type":"messages"')).toBe(chats);
    const subgraphs = (await call("GET", `${base}/subgraphs?recurse=true`)).json<object>();
    expect(Object.keys(subgraphs)).toEqual(graph === "parent" ? ["child"] : []);
    expect((await call("GET", `${base}/graph?xray=true`)).body).toContain(node);
    await call("POST", `${base}/versions`, '{"limit":10,"offset":0}');
    await call("POST", "/threads/search", '{"limit":10,"offset":0,"metadata":{}}');
    const { thread_id: threadId } = (await call("POST", "/threads", '{"metadata":{}}')).json<{ thread_id: string }>();
    const thread = `/threads/${threadId}`;
    await call("GET", thread);
    expect((await call("GET", `${thread}/state?subgraphs=true`)).json()).toMatchObject({ next: [], checkpoint: null });
    const run = `{"assistant_id":"${assistant?.assistant_id}","input":${input},"stream_mode":["debug","messages"],"stream_subgraphs":true,"interrupt_before":["${node}"],"multitask_strategy":"rollback","config":{}}`;
    const stream = await call("POST", `${thread}/runs/stream`, run);
    expect(stream.headers["content-type"]).toContain("text/event-stream");
    expect(stream.headers["content-location"]).toMatch(new RegExp(`^${thread}/runs/`));
    expect(stream.body).toContain("event: debug");
    expect((await call("GET", `${thread}/state`)).json()).toMatchObject({ next: [node] });
    const again = `{"assistant_id":"${assistant?.assistant_id}","input":null,"stream_mode":["values"],"stream_subgraphs":true}`;
    expect((await call("POST", `${thread}/runs/stream`, again)).body).toContain("event: values");
    expect((await call("GET", `${thread}/state`)).json()).toMatchObject({ next: [] });
    const history = (await call("POST", `${thread}/history`, '{"limit":10}')).json<{ checkpoint: object }[]>();
    expect(history.length).toBeGreaterThan(2);
    const at = JSON.stringify({ checkpoint: history.at(-1)?.checkpoint, subgraphs: true });
    expect((await call("POST", `${thread}/state/checkpoint`, at)).json()).toMatchObject({ next: ["__start__"] });
    const fork = JSON.stringify({ values: {}, as_node: node, checkpoint: history[1]?.checkpoint });
    expect((await call("POST", `${thread}/state`, fork)).json()).toMatchObject({ checkpoint: expect.any(Object) });
    const runs = (await call("GET", `${thread}/runs`)).json<{ kwargs: unknown }[]>();
    expect(runs).toHaveLength(2);
    // Where a request came from is no part of the config of a graph.
    expect(JSON.stringify(runs)).not.toContain("x-auth-scheme");
  });
});
