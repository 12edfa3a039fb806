import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel, type BaseChatModelCallOptions } from "@langchain/core/language_models/chat_models";
import { AIMessageChunk, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { ChatOpenAICompletions, type OpenAIClient } from "@langchain/openai";

import type { Clock } from "../../lib/clock.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Secret } from "../../lib/secret.ts";
import { bindTools } from "../../mcp/client/bind-tools.ts";
import type { ToolDescription } from "../../mcp/client/tool-client.ts";
import { toEndpointMessages } from "./endpoint-messages.ts";
import type { NormalPart, RawPart } from "./normalise/parts.ts";
import { createStreamNormaliser } from "./normalise/stream-normaliser.ts";
import { limitSilence } from "./silence.ts";

export interface EndpointOptions {
  readonly baseUrl: string;
  readonly apiKey: Secret | undefined;
  readonly model: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly fetch?: typeof fetch;
}

export interface EndpointCallOptions extends BaseChatModelCallOptions {
  offered?: readonly ToolDescription[];
}

/** Adds what the library leaves out of a delta: the `reasoning` field, and the role that some servers never send. */
class Completions extends ChatOpenAICompletions {
  // The overridden method has these loose types.
  protected override _convertCompletionsDeltaToBaseMessageChunk(
    delta: Record<string, unknown>,
    rawResponse: OpenAIClient.ChatCompletionChunk,
    defaultRole?: OpenAIClient.ChatCompletionRole,
  ) {
    const reasoning = delta["reasoning_content"] ?? delta["reasoning"];
    return super._convertCompletionsDeltaToBaseMessageChunk(
      typeof reasoning === "string" ? { ...delta, reasoning_content: reasoning } : delta,
      rawResponse,
      defaultRole ?? "assistant",
    );
  }
}

/**
 * One try at an OpenAI-compatible endpoint: always streams, stops the request on silence or abort, and normalises what
 * comes. It does not repeat itself; a message already shown in part cannot be taken back, so whoever asks repeats
 * the call as a new message.
 */
export class EndpointChatModel extends BaseChatModel<EndpointCallOptions> {
  readonly #inner: Completions;
  readonly #options: EndpointOptions;

  constructor(options: EndpointOptions) {
    super({ maxRetries: 0 });
    this.#options = options;
    this.#inner = new Completions({
      model: options.model,
      temperature: options.temperature,
      maxTokens: options.maxTokens,
      maxRetries: 0,
      streamUsage: true,
      // Local servers want no key, the client library insists on one.
      apiKey: options.apiKey?.reveal() ?? "none",
      configuration: {
        baseURL: options.baseUrl,
        organization: null,
        project: null,
        ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
      },
    });
  }

  static override lc_name(): string {
    return "EndpointChatModel";
  }

  override _llmType(): string {
    return "nemops-endpoint";
  }

  override getLsParams(options: this["ParsedCallOptions"]) {
    return { ...super.getLsParams(options), ls_provider: "openai", ls_model_name: this.#options.model };
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    let whole: ChatGenerationChunk | undefined;
    for await (const chunk of this._streamResponseChunks(messages, options, runManager)) {
      whole = whole === undefined ? chunk : whole.concat(chunk);
    }
    if (whole === undefined) throw new ServiceError("model_failed", "the endpoint sent no answer");
    return { generations: [whole] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const { clock, timeoutMs } = this.#options;
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    const offered = options.offered ?? [];
    const normaliser = createStreamNormaliser({
      toolNames: new Set(offered.map((tool) => tool.name)),
      usedIds: usedCallIds(messages),
      isQuoted: (text) => isShownText(messages, text),
    });
    const tools = (await bindTools(offered)).map((tool) => convertToOpenAITool(tool));
    const request = { signal, ...(tools.length === 0 ? {} : { tools }) };
    const open = () => Promise.resolve(this.#inner._streamResponseChunks(toEndpointMessages(messages), request));
    const source = limitSilence(open, { timeoutMs, clock, abort: (reason) => stop.abort(reason) });

    let finishReason: string | undefined;
    let sentReasoning = false;
    const send = async function* (parts: readonly NormalPart[]): AsyncGenerator<ChatGenerationChunk> {
      for (const part of parts) {
        if (part.type === "reasoning") sentReasoning = true;
        const chunk = toChunk(part, sentReasoning);
        yield chunk;
        await runManager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
      }
    };
    try {
      for await (const chunk of source) {
        const reason: unknown = chunk.generationInfo?.["finish_reason"];
        if (typeof reason === "string") finishReason = reason;
        yield* send(normaliser.push(toRawPart(chunk)));
        const usage = AIMessageChunk.isInstance(chunk.message) ? chunk.message.usage_metadata : undefined;
        if (usage !== undefined) yield usageChunk(usage);
      }
      options.signal?.throwIfAborted();
      if (finishReason === undefined) {
        throw new ServiceError("model_failed", "the endpoint cut the stream before the answer was complete");
      }
      yield* send(normaliser.end(finishReason));
      yield new ChatGenerationChunk({
        text: "",
        message: new AIMessageChunk({ content: "", response_metadata: { finish_reason: finishReason } }),
      });
    } finally {
      // Whoever stops reading early must not leave the request running.
      stop.abort();
    }
  }
}

function toRawPart(chunk: ChatGenerationChunk): RawPart {
  const { message } = chunk;
  const reasoning: unknown = message.additional_kwargs["reasoning_content"];
  const fragments = AIMessageChunk.isInstance(message) ? (message.tool_call_chunks ?? []) : [];
  return {
    text: typeof message.content === "string" ? message.content : "",
    ...(typeof reasoning === "string" ? { reasoning } : {}),
    tools: fragments.map((fragment) => ({
      ...(fragment.index === undefined ? {} : { index: fragment.index }),
      ...(fragment.id ? { id: fragment.id } : {}),
      ...(fragment.name ? { name: fragment.name } : {}),
      ...(fragment.args ? { args: fragment.args } : {}),
    })),
  };
}

/** Plain strings while there is no reasoning; blocks with fixed places as soon as there is, so that chunks merge. */
function toChunk(part: NormalPart, hasReasoning: boolean): ChatGenerationChunk {
  switch (part.type) {
    case "reasoning":
      return new ChatGenerationChunk({
        text: "",
        message: new AIMessageChunk({ content: [{ type: "reasoning", reasoning: part.text, index: 0 }] }),
      });
    case "text":
      return new ChatGenerationChunk({
        text: part.text,
        message: new AIMessageChunk({
          content: hasReasoning ? [{ type: "text", text: part.text, index: 1 }] : part.text,
        }),
      });
    case "tool": {
      const { index, id, name, args } = part;
      const fragment = { type: "tool_call_chunk" as const, index, id, name, args };
      return new ChatGenerationChunk({
        text: "",
        message: new AIMessageChunk({ content: "", tool_call_chunks: [fragment] }),
      });
    }
  }
}

function usageChunk(usage: NonNullable<AIMessageChunk["usage_metadata"]>): ChatGenerationChunk {
  return new ChatGenerationChunk({ text: "", message: new AIMessageChunk({ content: "", usage_metadata: usage }) });
}

function usedCallIds(messages: readonly BaseMessage[]): Set<string> {
  return new Set(messages.flatMap((message) => (ToolMessage.isInstance(message) ? [message.tool_call_id] : [])));
}

function isShownText(messages: readonly BaseMessage[], text: string): boolean {
  return messages.some(
    (message) => (ToolMessage.isInstance(message) || HumanMessage.isInstance(message)) && message.text.includes(text),
  );
}
