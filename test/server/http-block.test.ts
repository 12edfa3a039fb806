import { afterEach, describe, expect, it } from "vitest";

import { toFetchHandler } from "../../server/custom-routes.ts";
import type { HttpBlock } from "../../server/http-block.ts";
import { type TestApp, startTestApp } from "../support/test-app.ts";

let server: TestApp | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const encoder = new TextEncoder();

/** One of each kind of answer. */
async function fetchOwn(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  switch (pathname) {
    case "/own/echo": {
      const { method } = request;
      const headers = new Headers({ "content-type": "application/x-own", "x-own": "yes" });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      const said = { method, search, type: request.headers.get("content-type"), body: await request.text() };
      return new Response(method === "HEAD" ? null : JSON.stringify(said), { status: 207, headers });
    }
    case "/own/bytes":
      return new Response(await request.arrayBuffer());
    case "/own/empty":
      return new Response(null, { status: 204 });
    case "/own/missing":
      return Response.json({ missing: 7 }, { status: 404 });
    case "/own/throws":
      throw new Error("a secret of the app");
    case "/own/throws-nothing":
      // oxlint-disable-next-line typescript/only-throw-error -- apps may
      throw undefined;
    case "/own/wrong":
      return "no response" as unknown as Response;
    case "/own/breaks": {
      const pull = (stream: ReadableStreamDefaultController): void => stream.error(new Error("broke"));
      const start = (stream: ReadableStreamDefaultController): void => stream.enqueue(encoder.encode("begun"));
      return new Response(new ReadableStream({ start, pull }, { highWaterMark: 0 }));
    }
    default:
      return new Response("404 Not Found", { status: 404, headers: { "content-type": "text/plain; charset=UTF-8" } });
  }
}

const start = async (http: HttpBlock, env: Record<string, string> = {}, fetch = fetchOwn): Promise<TestApp> => {
  server = await startTestApp({ isListening: true, env, options: { http, httpApp: toFetchHandler({ fetch }) } });
  return server;
};
const startBare = async (http: HttpBlock): Promise<TestApp> => {
  server = await startTestApp({ options: { http } });
  return server;
};

describe("routes of one's own", () => {
  it.each(["POST", "PUT", "PATCH", "DELETE"])(
    "get a %s as it was sent, and give their answer as it is",
    async (method) => {
      const { url } = await start({});
      const headers = { "content-type": "text/x-odd" };
      const answer = await fetch(`${url}/own/echo?a=1&a=2`, { method, headers, body: "{not json" });
      expect(answer.status).toBe(207);
      expect(answer.headers.get("content-type")).toBe("application/x-own");
      expect(answer.headers.get("x-own")).toBe("yes");
      expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
      expect(await answer.json()).toEqual({ method, search: "?a=1&a=2", type: "text/x-odd", body: "{not json" });
    },
  );

  it("answer GET and HEAD, bodies that are missing and bytes that are no text", async () => {
    const { url } = await start({});
    expect(await (await fetch(`${url}/own/echo`)).json()).toMatchObject({ method: "GET", body: "" });
    expect((await fetch(`${url}/own/echo`, { method: "HEAD" })).status).toBe(207);
    expect(await (await fetch(`${url}/own/echo`, { method: "POST" })).json()).toMatchObject({ body: "" });
    expect((await fetch(`${url}/own/empty`)).status).toBe(204);
    const body = Uint8Array.from({ length: 256 }, (_, index) => index);
    const answer = await fetch(`${url}/own/bytes`, { method: "POST", body });
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(body);
  });

  it("stream: what is written is read before the next is written", async () => {
    const gate = Promise.withResolvers<void>();
    const { url } = await start({}, {}, async () => {
      async function* parts(): AsyncGenerator<Uint8Array> {
        yield encoder.encode("first");
        await gate.promise;
        yield encoder.encode("second");
      }
      return new Response(ReadableStream.from(parts()), { headers: { "content-type": "text/event-stream" } });
    });
    const answer = await fetch(`${url}/own/stream`);
    const read: string[] = [];
    for await (const chunk of answer.body ?? []) {
      read.push(Buffer.from(chunk).toString());
      gate.resolve();
    }
    expect(read).toEqual(["first", "second"]);
  });

  it("learn that their client went away", async () => {
    const arrived = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const { url } = await start({}, {}, async ({ signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      arrived.resolve();
      await aborted.promise;
      return new Response("too late");
    });
    const leaving = new AbortController();
    const answer = fetch(`${url}/own/wait`, { signal: leaving.signal });
    await arrived.promise;
    leaving.abort();
    await expect(answer).rejects.toThrow(/abort/);
    await aborted.promise;
  });

  it.each(["throws", "throws-nothing", "wrong"])(
    "that fail (%s) are a 500 that tells nothing; the rest goes on",
    async (name) => {
      const { url } = await start({});
      const answer = await fetch(`${url}/own/${name}`);
      expect(answer.status).toBe(500);
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ code: "internal", status: 500 });
      expect(text).not.toContain("secret");
      expect((await fetch(`${url}/own/empty`)).status).toBe(204);
    },
  );

  it("that break in the middle of a stream end their connection alone", async () => {
    const { url } = await start({});
    await expect(fetch(`${url}/own/breaks`).then((answer) => answer.text())).rejects.toThrow();
    expect((await fetch(`${url}/ok`)).status).toBe(200);
  });

  it("keep a 404 that says something; a bare one is the service's", async () => {
    const { url } = await start({});
    const own = await fetch(`${url}/own/missing`);
    expect([own.status, await own.json()]).toEqual([404, { missing: 7 }]);
    const none = await fetch(`${url}/nowhere`);
    expect([none.status, await none.json()]).toMatchObject([404, { code: "not_found" }]);
  });

  it("stand back behind the service's, and take no larger bodies", async () => {
    const { url } = await start(
      {},
      { BODY_LIMIT_BYTES: "1024" },
      async (request) => new Response(await request.text()),
    );
    expect(await (await fetch(`${url}/ok`)).json()).toEqual({ ok: true });
    const send = (body: string | ReadableStream): Promise<Response> =>
      fetch(`${url}/own/any`, { method: "POST", body, duplex: "half" });
    expect((await send("x".repeat(1024))).status).toBe(200);
    expect((await send("x".repeat(1025))).status).toBe(413);
    const unsized = ReadableStream.from([encoder.encode("x".repeat(1000)), encoder.encode("x".repeat(1000))]);
    expect((await send(unsized)).status).toBe(413);
  });

  it("ask for a key as the others do, unless the block says no", async () => {
    const env = { NEMOPS_API_KEY: "key-all" };
    const guarded = await start({}, env);
    expect((await fetch(`${guarded.url}/own/empty`)).status).toBe(401);
    expect((await fetch(`${guarded.url}/own/empty`, { headers: { "x-api-key": "key-all" } })).status).toBe(204);
    await guarded.close();
    const open = await start({ enable_custom_route_auth: false }, env);
    expect((await fetch(`${open.url}/own/empty`)).status).toBe(204);
    expect((await fetch(`${open.url}/assistants/two_nodes`)).status).toBe(401);
  });
});

const ID = "00000000-0000-4000-8000-000000000000";
/** Of every switch, requests that only it takes away. */
const ROUTES = {
  disable_assistants: ["POST /assistants/search", "GET /assistants/two_nodes/schemas"],
  disable_threads: ["POST /threads", "POST /threads/search"],
  disable_runs: ["POST /runs/wait", "POST /runs/crons/search"],
  disable_store: ["POST /store/namespaces", "POST /store/items/search"],
  disable_meta: ["GET /ok", "GET /info", "GET /metrics", "GET /openapi.json", "GET /docs/json"],
} as const;
const BODIES: Readonly<Record<string, object>> = { "/runs/wait": { assistant_id: "two_nodes", input: {} } };

const status = async ({ app }: TestApp, what: string): Promise<number> => {
  // "METHOD /path", as written above.
  const [method, url] = what.split(" ") as ["GET" | "POST", string];
  return (await app.inject({ method, url, ...(method === "POST" ? { payload: BODIES[url] ?? {} } : {}) })).statusCode;
};

describe("switches", () => {
  it.each(Object.keys(ROUTES) as (keyof typeof ROUTES)[])("%s takes away its routes and nothing else", async (name) => {
    const running = await startBare({ [name]: true });
    for (const [owner, routes] of Object.entries(ROUTES)) {
      for (const route of routes)
        expect([route, await status(running, route)]).toEqual([route, owner === name ? 404 : 200]);
    }
    for (const probe of ["GET /livez", "GET /readyz"]) expect(await status(running, probe)).toBe(200);
  });

  it("leave everything when they are false or null", async () => {
    const running = await startBare({ disable_runs: false, disable_store: null });
    for (const route of Object.values(ROUTES).flat())
      expect([route, await status(running, route)]).toEqual([route, 200]);
  });

  it("answer with the service's error, which browsers may read, and leave the document", async () => {
    const { app } = await startBare({ disable_store: true });
    const headers = { origin: "https://smith.langchain.com" };
    const answer = await app.inject({ method: "POST", url: "/store/namespaces", payload: {}, headers });
    expect(answer.json()).toMatchObject({ status: 404, code: "not_found" });
    expect(answer.headers["access-control-allow-origin"]).toBeDefined();
    const paths = Object.keys((await app.inject("/openapi.json")).json<{ paths: object }>().paths);
    expect(paths).toContain("/threads");
    expect(paths.filter((path) => path.startsWith("/store"))).toEqual([]);
  });

  it("of runs take those on threads, too, and leave the threads", async () => {
    const running = await startBare({ disable_runs: true });
    expect((await running.app.inject(`/threads/${ID}/runs`)).json()).toMatchObject({ code: "not_found" });
    expect((await running.app.inject(`/threads/${ID}/state`)).json()).toMatchObject({ code: "thread_not_found" });
  });

  it.each([
    [{}, { assistants: true, crons: true }],
    [{ disable_assistants: true }, { assistants: false, crons: true }],
    [{ disable_runs: true }, { assistants: true, crons: false }],
  ])("%j are what /info says", async (http, flags) => {
    const { app } = await startBare(http);
    expect((await app.inject("/info")).json()).toMatchObject({ flags });
  });

  it("refuse webhooks wherever a run is asked for, and nothing else", async () => {
    const { app } = await startBare({ disable_webhooks: true });
    const run = { assistant_id: "two_nodes", input: {} };
    const hooked = { ...run, webhook: "https://example.com/hook" };
    const post = (url: string, payload: object) => app.inject({ method: "POST", url, payload });
    const message = "webhooks are switched off here (http.disable_webhooks)";
    for (const [url, payload, field] of [
      ["/runs/wait", hooked, "webhook"],
      ["/runs/batch", [run, hooked], "1.webhook"],
      ["/runs/crons", { ...hooked, schedule: "0 0 1 1 *" }, "webhook"],
    ] as const) {
      const refused = await post(url, payload);
      const detail = `${field}: ${message}`;
      expect(refused.json()).toMatchObject({
        status: 422,
        code: "invalid_input",
        detail,
        errors: [{ field, message }],
      });
    }
    const command = (params: object) => post(`/threads/${ID}/commands`, { id: 1, method: "run.start", params });
    expect((await command(hooked)).json()).toMatchObject({ error: "invalid_argument", message: `webhook: ${message}` });
    expect((await command(run)).json()).toMatchObject({ type: "success" });
    expect((await post("/runs/wait", run)).statusCode).toBe(200);
    // What only has the same name is none.
    const item = { namespace: ["a"], key: "b", value: {}, webhook: "https://example.com/hook" };
    expect((await app.inject({ method: "PUT", url: "/store/items", payload: item })).statusCode).toBe(204);
  });
});

describe("cors", () => {
  const preflight = async (http: HttpBlock, origin: string) => {
    const { app } = await startBare(http);
    const { headers } = await app.inject({
      method: "OPTIONS",
      url: "/threads",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-asked" },
    });
    return headers;
  };
  const cors = {
    allow_origins: ["https://a.example"],
    allow_methods: ["GET", "POST"],
    allow_headers: ["x-one", "x-two"],
    allow_credentials: true,
    expose_headers: ["x-shown"],
    max_age: 7,
  };

  it("says to a preflight what the block says", async () => {
    expect(await preflight({ cors }, "https://a.example")).toMatchObject({
      "access-control-allow-origin": "https://a.example",
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "x-one, x-two",
      "access-control-allow-credentials": "true",
      "access-control-max-age": "7",
    });
    const answer = await server?.app.inject({ url: "/ok", headers: { origin: "https://a.example" } });
    expect(answer?.headers["access-control-expose-headers"]).toMatch(/Content-Location.*x-shown/);
  });

  it("refuses what is no preflight with the service's error, which browsers may read", async () => {
    const { app } = await startBare({ cors });
    for (const [headers, missing] of [
      [{}, /needs origin and access-control-request-method$/],
      [{ origin: "https://a.example" }, /needs access-control-request-method$/],
    ] as const) {
      const answer = await app.inject({ method: "OPTIONS", url: "/threads", headers });
      expect(answer.json()).toMatchObject({
        status: 400,
        code: "bad_request",
        detail: expect.stringMatching(missing),
        request_id: answer.headers["x-request-id"],
      });
      expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
      if ("origin" in headers) expect(answer.headers["access-control-allow-origin"]).toBe(headers.origin);
    }
  });

  it("names no other origin", async () => {
    expect((await preflight({ cors }, "https://b.example"))["access-control-allow-origin"]).toBeUndefined();
  });

  it.each([
    ["https://x.a.example", true],
    ["https://x.a.example.evil.example", false],
    ["http://evil.example/https://x.a.example", false],
  ])("matches the whole origin %s against the pattern", async (origin, isAllowed) => {
    const headers = await preflight({ cors: { allow_origin_regex: "https://\\w+\\.a\\.example" } }, origin);
    expect(headers["access-control-allow-origin"]).toBe(isAllowed ? origin : undefined);
  });

  it("hands credentials to no page whatever, and allows the headers that are asked for", async () => {
    const headers = await preflight({ cors: { allow_origins: ["*"], allow_credentials: true } }, "https://b.example");
    expect(headers["access-control-allow-origin"]).toBe("*");
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
    expect(headers["access-control-allow-headers"]).toBe("x-asked");
  });
});
