import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type ChatCall, createChatEndpoint } from "../../../../tools/data/llm/chat-endpoint.ts";
import { readRetryAfter } from "../../../../tools/data/llm/model-request.ts";
import { type OpenAiServer, startOpenAiServer } from "../../../support/openai-server.ts";

describe("a chat endpoint over HTTP", () => {
  let server: OpenAiServer;
  let ask: ReturnType<typeof createChatEndpoint>;
  const call = (change: Partial<ChatCall> = {}): ChatCall => ({
    model: "m",
    messages: [{ role: "user", content: "hello", reasoning: "not sent" }],
    parameters: { temperature: 0.5 },
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    ...change,
  });

  beforeEach(async () => {
    server = await startOpenAiServer();
    ask = createChatEndpoint({ baseUrl: server.baseUrl, apiKey: "key" });
  });
  afterEach(async () => {
    ask.close();
    await server.close();
  });

  it("sends the model, the messages and the parameters, and reads text, reasoning and tokens", async () => {
    server.script({ kind: "answer", text: "hi", reasoning: "greet", finishReason: "length" });
    await expect(ask(call())).resolves.toEqual({
      kind: "answer",
      text: "hi",
      reasoning: "greet",
      isCut: true,
      tokens: { input: 11, output: 7, reasoning: 0 },
    });
    expect(server.requests[0]).toEqual({
      model: "m",
      temperature: 0.5,
      messages: [{ role: "user", content: "hello" }],
    });
    expect(server.authorization).toEqual(["Bearer key"]);
  });

  it("keeps the key out of what a server says about it", async () => {
    const refusing = createServer(({ headers }, response) => {
      response.writeHead(401).end(`Incorrect API key provided: ${headers.authorization}, ${String(headers["x-team"])}`);
    });
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    // A server that listens on TCP has an address object.
    const baseUrl = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const asking = createChatEndpoint({ baseUrl, apiKey: "sk-0123456789", headers: { "x-team": "team-0123456789" } });
    await expect(asking(call())).resolves.toEqual({
      kind: "refused",
      message: "HTTP 401: Incorrect API key provided: Bearer [secret], [secret]",
    });
    asking.close();
    await new Promise((resolve) => refusing.close(resolve));
  });

  it.each([
    [429, { "retry-after": "3" }, { kind: "rate_limited", retryAfterMs: 3000 }],
    [429, {}, { kind: "rate_limited", retryAfterMs: undefined }],
    [503, {}, { kind: "gateway" }],
    [500, {}, { kind: "server" }],
    [400, {}, { kind: "refused" }],
    [401, {}, { kind: "refused" }],
  ])("tells HTTP %i with headers %j apart", async (status, headers, expected) => {
    server.script({ kind: "error", status, headers });
    await expect(ask(call())).resolves.toMatchObject({
      ...expected,
      message: expect.stringContaining(`HTTP ${status}`),
    });
  });

  it("times out on an endpoint that hangs and lets go of it", async () => {
    server.script({ kind: "hang" });
    await expect(ask(call({ timeoutMs: 30 }))).resolves.toEqual({ kind: "timeout", message: "no answer within 30 ms" });
    await server.waitForDisconnects(1);
  });

  it("reports an answer that is torn, and one that is no chat completion", async () => {
    server.script({ kind: "cut", text: "half", how: "destroy" }, { kind: "cut", text: "half", how: "end" });
    await expect(ask(call())).resolves.toMatchObject({ kind: "connection" });
    await expect(ask(call())).resolves.toMatchObject({
      kind: "server",
      message: expect.stringContaining("not a chat completion"),
    });
  });

  it("rejects with the caller's reason when it is cancelled", async () => {
    const controller = new AbortController();
    server.script({ kind: "hang" });
    const asked = ask(call({ signal: controller.signal }));
    await server.waitForRequests(1);
    controller.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    await server.waitForDisconnects(1);
  });

  it("reads Retry-After as seconds or as a date by the server's own clock", () => {
    expect(readRetryAfter("1.5", undefined)).toBe(1500);
    expect(readRetryAfter("Wed, 21 Oct 2026 07:28:10 GMT", "Wed, 21 Oct 2026 07:28:00 GMT")).toBe(10_000);
    expect(readRetryAfter("soon", "Wed, 21 Oct 2026 07:28:00 GMT")).toBeUndefined();
    expect(readRetryAfter(undefined, undefined)).toBeUndefined();
  });
});
