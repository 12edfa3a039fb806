import { z } from "zod";

import type { ChatMessage, ToolCall } from "../../../engine/data/llm/column.ts";
import { toWireCall } from "../../../engine/data/llm/conversation.ts";
import { type ModelEndpointOptions, type ModelFailure, createModelRequest, parseJson } from "./model-request.ts";

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
  | ModelFailure;

/** Asks a model once. Resolves for every failure; rejects only when the caller's signal aborts. */
export type ChatEndpoint = (call: ChatCall) => Promise<ChatResult>;

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

/** Chat completions over HTTP with kept-alive connections. */
export function createChatEndpoint(options: ModelEndpointOptions): ChatEndpoint & { close(): void } {
  const send = createModelRequest("/chat/completions", options);
  const ask: ChatEndpoint = async ({ model, messages, parameters, timeoutMs, signal }) => {
    const body = JSON.stringify({ ...parameters, model, messages: messages.map(toWireMessage) });
    const sent = await send({ body, timeoutMs, signal });
    return sent.kind === "text" ? readAnswer(sent.text) : sent;
  };
  return Object.assign(ask, { close: () => send.close() });
}

function toWireMessage({ role, content, media = [], toolCalls = [], toolCallId }: ChatMessage): object {
  return {
    role,
    content: media.length === 0 ? content : [{ type: "text", text: content }, ...media],
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(toWireCall) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

function readAnswer(text: string): ChatResult {
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
