import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

import { z } from "zod";

import type { ChatMessage, ToolCall } from "../../../engine/data/llm/column.ts";
import { toWireCall } from "../../../engine/data/llm/conversation.ts";
import { errorMessage } from "../../../lib/errors.ts";

export interface ChatCall {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Further fields of the body: temperature, top_p, max_tokens and what the provider takes. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
}

export type ChatResult =
  | {
      readonly kind: "answer";
      readonly text: string;
      readonly reasoning?: string;
      readonly isCut: boolean;
      /** What the model wants to have called before it answers; absent when nothing. */
      readonly toolCalls?: readonly ToolCall[];
      readonly tokens: TokenCounts;
    }
  | { readonly kind: "rate_limited"; readonly retryAfterMs: number | undefined; readonly message: string }
  /** 502, 503, 504: worth trying again at once. */
  | { readonly kind: "gateway"; readonly message: string; readonly retryAfterMs: number | undefined }
  /** Other 5xx, timeouts, torn connections: worth another try later. */
  | { readonly kind: "server" | "timeout" | "connection"; readonly message: string }
  /** 4xx: the same request fails again. */
  | { readonly kind: "refused"; readonly message: string };

/** Asks a model once. Resolves for every failure; rejects only when the caller's signal aborts. */
export type ChatEndpoint = (call: ChatCall) => Promise<ChatResult>;

export interface ChatEndpointOptions {
  /** The OpenAI-compatible base, for example `http://127.0.0.1:4000/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const Answer = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({
          content: z.string().nullish(),
          reasoning_content: z.string().nullish(),
          reasoning: z.string().nullish(),
          tool_calls: z
            .array(
              z.object({
                id: z.string().nullish(),
                function: z.object({ name: z.string(), arguments: z.union([z.string(), z.json()]).nullish() }),
              }),
            )
            .nullish(),
        }),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: z.number().nullish(),
      completion_tokens: z.number().nullish(),
      completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});

const MAX_BODY_CHARS = 16_000_000;

/**
 * Chat completions over HTTP with kept-alive connections. node:http is used because at hundreds of requests in flight it
 * costs about half the processor time of the built-in fetch.
 */
export function createChatEndpoint({
  baseUrl,
  apiKey,
  headers = {},
}: ChatEndpointOptions): ChatEndpoint & { close(): void } {
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/chat/completions`);
  const isTls = url.protocol === "https:";
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const send = isTls ? httpsRequest : httpRequest;
  const fixed = {
    "content-type": "application/json",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...headers,
  };

  const ask: ChatEndpoint = (call) =>
    new Promise((resolve, reject) => {
      call.signal.throwIfAborted();
      const body = JSON.stringify({
        ...call.parameters,
        model: call.model,
        messages: call.messages.map(toWireMessage),
      });
      let hasTimedOut = false;
      const request = send(
        url,
        { method: "POST", agent, headers: { ...fixed, "content-length": Buffer.byteLength(body) } },
        (response) => {
          readText(response).then((text) => finish(toResult(response, text)), fail);
        },
      );
      const timer = setTimeout(() => {
        hasTimedOut = true;
        request.destroy(new Error("timed out"));
      }, call.timeoutMs);
      const onAbort = (): void => void request.destroy(new Error("aborted"));
      const release = (): void => {
        clearTimeout(timer);
        call.signal.removeEventListener("abort", onAbort);
      };
      const finish = (result: ChatResult): void => {
        release();
        resolve(result);
      };
      const fail = (error: unknown): void => {
        release();
        if (call.signal.aborted) reject(call.signal.reason as Error);
        else if (hasTimedOut) resolve({ kind: "timeout", message: `no answer within ${call.timeoutMs} ms` });
        else resolve({ kind: "connection", message: errorMessage(error) });
      };
      call.signal.addEventListener("abort", onAbort, { once: true });
      request.once("error", fail);
      request.end(body);
    });
  return Object.assign(ask, { close: () => agent.destroy() });
}

function toWireMessage({ role, content, media = [], toolCalls = [], toolCallId }: ChatMessage): object {
  return {
    role,
    content: media.length === 0 ? content : [{ type: "text", text: content }, ...media],
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(toWireCall) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_BODY_CHARS) throw new Error(`the answer is longer than ${MAX_BODY_CHARS} characters`);
  }
  if (!response.complete) throw new Error("the answer was cut off");
  return text;
}

function toResult(response: IncomingMessage, text: string): ChatResult {
  const status = response.statusCode ?? 0;
  const message = `HTTP ${status}: ${text.slice(0, 200)}`;
  const retryAfterMs = readRetryAfter(response.headers["retry-after"], response.headers.date);
  if (status === 429) return { kind: "rate_limited", retryAfterMs, message };
  if (status === 502 || status === 503 || status === 504) return { kind: "gateway", message, retryAfterMs };
  if (status >= 500 || status === 408) return { kind: "server", message };
  if (status < 200 || status >= 300) return { kind: "refused", message };
  const parsed = Answer.safeParse(parseJson(text));
  const choice = parsed.data?.choices[0];
  if (!parsed.success || choice === undefined)
    return { kind: "server", message: `not a chat completion: ${text.slice(0, 200)}` };
  const { usage } = parsed.data;
  const reasoning = choice.message.reasoning_content ?? choice.message.reasoning;
  const calls = (choice.message.tool_calls ?? []).map(({ id, function: { name, arguments: args } }, at) => ({
    // Some servers leave the id out; the answers only have to find their calls.
    id: id || `call_${at}`,
    name,
    args: typeof args === "string" ? args : JSON.stringify(args ?? {}),
  }));
  return {
    kind: "answer",
    text: choice.message.content ?? "",
    ...(reasoning ? { reasoning } : {}),
    ...(calls.length === 0 ? {} : { toolCalls: calls }),
    isCut: choice.finish_reason === "length",
    tokens: {
      input: usage?.prompt_tokens ?? 0,
      output: usage?.completion_tokens ?? 0,
      reasoning: usage?.completion_tokens_details?.reasoning_tokens ?? 0,
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds, or a date that is compared with the server's own clock; undefined when absent or unreadable. */
export function readRetryAfter(value: string | undefined, serverDate: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const wait = Date.parse(value) - Date.parse(serverDate ?? "");
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
