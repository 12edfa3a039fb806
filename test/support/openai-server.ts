import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A tool call as the server sends it: `args` is the text of the arguments, broken or not. */
export interface ScriptedCall {
  readonly name: string;
  readonly args: string;
  readonly id?: string;
  /** Place in the message; several calls with one index imitate servers that do not count. */
  readonly index?: number;
}

/** What the server does with one chat completion request. */
export type Script =
  | {
      readonly kind: "answer";
      readonly text?: string;
      readonly reasoning?: string;
      /** Field that carries the reasoning; `think` writes it into the content between tags. */
      readonly reasoningIn?: "reasoning_content" | "reasoning" | "think";
      readonly calls?: readonly ScriptedCall[];
      readonly finishReason?: "stop" | "tool_calls" | "length";
      /** Characters per streamed piece; 5 cuts tags and JSON in odd places. */
      readonly pieceChars?: number;
      /** Leaves the role out of every delta, as some servers do. */
      readonly hasNoRole?: boolean;
    }
  | { readonly kind: "error"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Accepts the request and never answers. */
  | { readonly kind: "hang" }
  /** Sends the beginning of an answer, then falls silent. */
  | { readonly kind: "stall"; readonly text: string }
  /** Sends the beginning of an answer, then ends: tidily but early, or with the connection torn. */
  | { readonly kind: "cut"; readonly text: string; readonly how: "end" | "destroy" };

/** The part of a request that tests look at. */
export interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly {
    readonly role: string;
    readonly content?: unknown;
    readonly tool_calls?: readonly unknown[];
    readonly tool_call_id?: string;
  }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

export interface OpenAiServer {
  /** `http://127.0.0.1:<port>/v1`. */
  readonly baseUrl: string;
  /** `http://127.0.0.1:<port>`, for `OLLAMA_HOST`. */
  readonly host: string;
  readonly requests: readonly ChatRequest[];
  readonly authorization: readonly (string | undefined)[];
  /** Adds scripts for the next requests; one that finds none left gets 500. A function sees the request first. */
  script(...scripts: readonly (Script | ((request: ChatRequest) => Script))[]): void;
  /** Models at `/v1/models` and `/api/tags`. */
  setModels(names: readonly string[]): void;
  /** Resolves when `count` chat requests have arrived. */
  waitForRequests(count: number): Promise<void>;
  /** Resolves when the client has gone away from `count` unfinished answers. */
  waitForDisconnects(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A small OpenAI-compatible server on a free loopback port: chat completions as SSE or JSON, models, Ollama's tags. */
export async function startOpenAiServer(): Promise<OpenAiServer> {
  const scripts: (Script | ((request: ChatRequest) => Script))[] = [];
  const requests: ChatRequest[] = [];
  const authorization: (string | undefined)[] = [];
  const counters = { requests: createCounter(), disconnects: createCounter() };
  let models: readonly string[] = ["nemotron-3-nano"];
  let number = 0;

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/v1/models") return sendJson(response, { object: "list", data: models.map((id) => ({ id })) });
    if (request.url === "/api/tags") return sendJson(response, { models: models.map((name) => ({ name })) });
    if (request.url !== "/v1/chat/completions" || request.method !== "POST") {
      return sendJson(response, { error: { message: `no route ${request.url}` } }, 404);
    }
    const body = await readJson(request);
    response.once("close", () => {
      if (!response.writableFinished) counters.disconnects.add();
    });
    requests.push(body);
    authorization.push(request.headers.authorization);
    counters.requests.add();
    const next = scripts.shift() ?? { kind: "error", status: 500 };
    number += 1;
    // Like Ollama, whose ids repeat soon: a client that keeps them would overwrite its own messages.
    await play(typeof next === "function" ? next(body) : next, body, response, `chatcmpl-${number % 2}`);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const host = `http://127.0.0.1:${port}`;
  return {
    baseUrl: `${host}/v1`,
    host,
    requests,
    authorization,
    script: (...added) => void scripts.push(...added),
    setModels: (names) => void (models = names),
    waitForRequests: (count) => counters.requests.reach(count),
    waitForDisconnects: (count) => counters.disconnects.reach(count),
    close: () => closeServer(server),
  };
}

async function play(script: Script, request: ChatRequest, response: ServerResponse, id: string): Promise<void> {
  switch (script.kind) {
    case "error":
      for (const [name, value] of Object.entries(script.headers ?? {})) response.setHeader(name, value);
      return sendJson(response, { error: { message: "scripted failure", type: "test" } }, script.status);
    case "hang":
      return;
    case "stall":
    case "cut": {
      const send = openStream(response, id, request.model);
      send({ role: "assistant", content: script.text });
      if (script.kind === "stall") return;
      if (script.how === "end") response.end();
      else
        await new Promise<void>((resolve) => void response.write(": torn\n\n", () => resolve(void response.destroy())));
      return;
    }
    case "answer":
      if (request.stream === true) streamAnswer(script, request, response, id);
      else sendJson(response, wholeAnswer(script, request, id));
      return;
  }
}

type Answer = Extract<Script, { kind: "answer" }>;

function finishReasonOf(script: Answer): string {
  return script.finishReason ?? ((script.calls ?? []).length > 0 ? "tool_calls" : "stop");
}

function contentOf(script: Answer): string {
  const thought = script.reasoning !== undefined && script.reasoningIn === "think";
  return `${thought ? `<think>${script.reasoning}</think>` : ""}${script.text ?? ""}`;
}

function streamAnswer(script: Answer, request: ChatRequest, response: ServerResponse, id: string): void {
  const send = openStream(response, id, request.model);
  const size = script.pieceChars ?? 7;
  if (script.hasNoRole !== true) send({ role: "assistant", content: "" });
  if (script.reasoning !== undefined && script.reasoningIn !== "think") {
    for (const piece of cut(script.reasoning, size)) send({ [script.reasoningIn ?? "reasoning_content"]: piece });
  }
  for (const piece of cut(contentOf(script), size)) send({ content: piece });
  for (const [position, call] of (script.calls ?? []).entries()) {
    const index = call.index ?? position;
    const callId = call.id ?? `call_${id}_${position}`;
    send({ tool_calls: [{ index, id: callId, type: "function", function: { name: call.name, arguments: "" } }] });
    for (const piece of cut(call.args, size)) send({ tool_calls: [{ index, function: { arguments: piece } }] });
  }
  send({}, finishReasonOf(script));
  response.write(
    `data: ${JSON.stringify({ id, object: "chat.completion.chunk", model: request.model, choices: [], usage: USAGE })}\n\n`,
  );
  response.end("data: [DONE]\n\n");
}

const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

function wholeAnswer(script: Answer, request: ChatRequest, id: string): unknown {
  const inField = script.reasoning !== undefined && script.reasoningIn !== "think";
  const message = {
    role: "assistant",
    content: contentOf(script),
    ...(inField ? { [script.reasoningIn ?? "reasoning_content"]: script.reasoning } : {}),
    ...(script.calls === undefined
      ? {}
      : {
          tool_calls: script.calls.map((call, position) => ({
            id: call.id ?? `call_${id}_${position}`,
            type: "function",
            function: { name: call.name, arguments: call.args },
          })),
        }),
  };
  const choices = [{ index: 0, message, finish_reason: finishReasonOf(script) }];
  return { id, object: "chat.completion", model: request.model, choices, usage: USAGE };
}

function openStream(
  response: ServerResponse,
  id: string,
  model: string,
): (delta: Record<string, unknown>, finishReason?: string) => void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  return (delta, finishReason) => {
    const choices = [{ index: 0, delta, finish_reason: finishReason ?? null }];
    response.write(`data: ${JSON.stringify({ id, object: "chat.completion.chunk", model, choices })}\n\n`);
  };
}

function cut(text: string, size: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
  return pieces;
}

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<ChatRequest> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  // Only our own client talks to this server; a wrong shape fails the test that reads it.
  return JSON.parse(Buffer.concat(pieces).toString("utf8")) as ChatRequest;
}

function createCounter(): { add(): void; reach(count: number): Promise<void> } {
  let count = 0;
  const waiting: { count: number; resolve: () => void }[] = [];
  return {
    add() {
      count += 1;
      for (const waiter of waiting) if (count >= waiter.count) waiter.resolve();
    },
    reach: (wanted) =>
      count >= wanted ? Promise.resolve() : new Promise((resolve) => waiting.push({ count: wanted, resolve })),
  };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
