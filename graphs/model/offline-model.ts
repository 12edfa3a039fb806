import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
} from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

import type { OfflinePolicy, PolicyTurn } from "./types.ts";

export interface OfflineCallOptions extends BaseChatModelCallOptions {
  canCallTools?: boolean;
  /** Said before the final answer, for example that another model failed. */
  preface?: string;
}

/** A chat model without weights: a policy decides each turn. Streams its text in pieces of a few words. */
export class OfflineChatModel extends BaseChatModel<OfflineCallOptions> {
  readonly #policy: OfflinePolicy;

  constructor(fields: BaseChatModelParams & { policy: OfflinePolicy }) {
    super(fields);
    this.#policy = fields.policy;
  }

  static override lc_name(): string {
    return "OfflineChatModel";
  }

  override _llmType(): string {
    return "nemops-offline";
  }

  #takeTurn(messages: readonly BaseMessage[], { canCallTools, preface }: OfflineCallOptions): PolicyTurn {
    const turn = this.#policy(messages, { canCallTools: canCallTools ?? true });
    const isFinal = turn.toolCalls.length === 0;
    return isFinal && preface !== undefined ? { ...turn, text: `${preface}${turn.text}` } : turn;
  }

  override _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    _runManager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    const turn = this.#takeTurn(messages, options);
    const message = new AIMessage({ content: turn.text, tool_calls: numberCalls(turn, messages.length) });
    return Promise.resolve({ generations: [{ text: turn.text, message }] });
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const turn = this.#takeTurn(messages, options);
    for (const piece of splitForStreaming(turn.text)) {
      options.signal?.throwIfAborted();
      yield* emit(new AIMessageChunk({ content: piece }), piece, runManager);
    }
    const calls = numberCalls(turn, messages.length);
    if (calls.length === 0 && turn.text !== "") return;
    const fragments = calls.map((call, index) => ({
      type: "tool_call_chunk" as const,
      index,
      id: call.id,
      name: call.name,
      args: JSON.stringify(call.args),
    }));
    yield* emit(new AIMessageChunk({ content: "", tool_call_chunks: fragments }), "", runManager);
  }
}

async function* emit(
  message: AIMessageChunk,
  text: string,
  runManager: CallbackManagerForLLMRun | undefined,
): AsyncGenerator<ChatGenerationChunk> {
  const chunk = new ChatGenerationChunk({ message, text });
  yield chunk;
  await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
}

/** Call ids from the position in the thread: unique in it, and the same when the same turn is taken again. */
function numberCalls(turn: PolicyTurn, position: number) {
  return turn.toolCalls.map((call, index) => ({
    type: "tool_call" as const,
    id: `call_${position}_${index}`,
    name: call.name,
    args: { ...call.args },
  }));
}

/** Pieces of about five words with the white space between them kept, so that joining them gives the text back. */
export function splitForStreaming(text: string): string[] {
  return text.match(/(?:\S+\s*){1,5}|\s+/g) ?? [];
}
