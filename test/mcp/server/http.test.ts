import { request as httpRequest } from "node:http";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, describe, expect, it } from "vitest";

import { createMcpHttpHandler, type McpHttpHandler, type McpHttpOptions } from "../../../mcp/server/http.ts";
import { createFixtureContext, fixtureServer, silentLog } from "../support/fixture-tools.ts";
import { listenLoopback, type LoopbackServer } from "../support/http-server.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};
const ACCEPT = { accept: "application/json, text/event-stream", "content-type": "application/json" };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

describe("the streamable HTTP endpoint", () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function serve(options: Partial<McpHttpOptions> = {}): Promise<{
    loopback: LoopbackServer;
    handler: McpHttpHandler;
    clock: ManualClock;
  }> {
    const clock = createManualClock();
    const createServer = fixtureServer(createFixtureContext());
    const handler = createMcpHttpHandler({ createServer, clock, log: silentLog, ...options });
    const loopback = await listenLoopback(handler);
    cleanups.push(() => loopback.close());
    return { loopback, handler, clock };
  }

  /** fetch forbids setting Host, so the plain client is used. */
  function send(
    { port }: LoopbackServer,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    method = "POST",
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: "127.0.0.1", port, path: "/mcp", method, headers: { ...ACCEPT, ...headers }, agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString("utf8"),
            }),
          );
        },
      );
      request.on("error", reject);
      request.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    });
  }

  async function openClient({ url }: LoopbackServer): Promise<Client> {
    const client = new Client({ name: "test", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    cleanups.push(() => client.close());
    return client;
  }

  it("answers one tool call without a handshake", async () => {
    const { loopback, handler } = await serve();
    const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "echo", arguments: { text: "hi" } } };
    const answer = await send(loopback, call);
    expect(answer.status).toBe(200);
    const data = /^data: (.*)$/m.exec(answer.text)?.[1] ?? "";
    expect(JSON.parse(data)).toMatchObject({ id: 7, result: { structuredContent: { text: "hi" } } });
    expect(handler.sessionCount()).toBe(0);
  });

  it("refuses a foreign Host and a foreign Origin, and lets loopback and listed ones in", async () => {
    const { loopback, handler } = await serve({
      allowedHosts: ["gpu.example.com"],
      allowedOrigins: ["https://ops.example.com"],
    });
    const statusFor = async (headers: Record<string, string>): Promise<number> =>
      (await send(loopback, INITIALIZE, headers)).status;

    expect(await statusFor({ host: "evil.example.com" })).toBe(403);
    expect(await statusFor({ host: "evil.example.com", origin: "http://evil.example.com" })).toBe(403);
    expect(await statusFor({ host: "localhost.evil.example.com" })).toBe(403);
    expect(await statusFor({ host: "localhost:1", origin: "http://evil.example.com" })).toBe(403);
    expect(await statusFor({ host: "localhost:1", origin: "null" })).toBe(403);
    expect(await statusFor({ host: "localhost:1", origin: "https://ops.example.com.evil.net" })).toBe(403);
    expect(handler.sessionCount()).toBe(0);

    expect(await statusFor({ host: `localhost:${loopback.port}` })).toBe(200);
    expect(await statusFor({ host: "[::1]:2024", origin: "http://localhost:5173" })).toBe(200);
    expect(await statusFor({ host: "GPU.example.com" })).toBe(200);
    expect(await statusFor({ host: "gpu.example.com:8443", origin: "https://ops.example.com" })).toBe(200);
  });

  it("keeps a session from initialize to DELETE and forgets it then", async () => {
    const { loopback, handler } = await serve();
    const opened = await send(loopback, INITIALIZE);
    const session = { "mcp-session-id": String(opened.headers["mcp-session-id"]) };
    expect(handler.sessionCount()).toBe(1);
    const ping = { jsonrpc: "2.0", id: 2, method: "ping" };
    expect((await send(loopback, ping, session)).status).toBe(200);
    expect((await send(loopback, undefined, session, "DELETE")).status).toBe(200);
    expect(handler.sessionCount()).toBe(0);
    const late = await send(loopback, ping, session);
    expect(late.status).toBe(404);
    expect(late.text).toContain("initialize again");
  });

  it("ends idle sessions, makes room by ending the one idle longest, and never one in use", async () => {
    const { loopback, handler, clock } = await serve({ maxSessions: 2, idleMs: 60_000 });
    const open = async (): Promise<string> => String((await send(loopback, INITIALIZE)).headers["mcp-session-id"]);
    const first = await open();
    await clock.advance(1_000);
    const second = await open();
    await clock.advance(1_000);
    const third = await open();
    expect(handler.sessionCount()).toBe(2);
    const ping = (id: string): Promise<Answer> =>
      send(loopback, { jsonrpc: "2.0", id: 2, method: "ping" }, { "mcp-session-id": id });
    expect((await ping(first)).status).toBe(404);
    expect((await ping(second)).status).toBe(200);
    expect((await ping(third)).status).toBe(200);

    await clock.advance(60_000);
    await openClient(loopback);
    expect(handler.sessionCount()).toBe(1);
    expect((await ping(second)).status).toBe(404);
  });

  it("says 503 when every session is in use", async () => {
    const { loopback } = await serve({ maxSessions: 1 });
    const client = await openClient(loopback);
    const begun = Promise.withResolvers<void>();
    const hanging = client.callTool({ name: "hang_reading" }, undefined, { onprogress: () => begun.resolve() });
    hanging.catch(() => undefined);
    await begun.promise;
    const refused = await send(loopback, INITIALIZE);
    expect(refused.status).toBe(503);
    expect(refused.headers["retry-after"]).toBe("10");
  });

  it("answers bad requests with the fitting status and a JSON-RPC error", async () => {
    const { loopback, handler } = await serve({ maxBodyBytes: 1_000 });
    const broken = await send(loopback, "{nope");
    expect(broken.status).toBe(400);
    expect(JSON.parse(broken.text)).toMatchObject({ jsonrpc: "2.0", error: { code: -32_700 }, id: null });
    expect((await send(loopback, "x".repeat(5_000))).status).toBe(413);
    expect((await send(loopback, undefined, {}, "GET")).status).toBe(405);
    expect((await send(loopback, INITIALIZE, { accept: "text/html" })).status).toBe(406);
    expect(handler.sessionCount()).toBe(0);
  });
});
