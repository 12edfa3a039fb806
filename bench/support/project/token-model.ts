import { setImmediate as nextTurn } from "node:timers/promises";

import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/** A chat model that streams so many tokens as fast as they are taken. */
export class TokenModel extends BaseChatModel {
  readonly #count: number;

  constructor(count: number) {
    super({});
    this.#count = count;
  }

  _llmType(): string {
    return "tokens";
  }

  async _generate(): Promise<ChatResult> {
    return { generations: [{ text: "", message: new AIMessage("") }] };
  }

  override async *_streamResponseChunks(
    _messages: BaseMessage[],
    _options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const id = `message-${runManager?.runId ?? ""}`;
    for (let token = 0; token < this.#count; token += 1) {
      const text = ` word${token}`;
      const chunk = new ChatGenerationChunk({ text, message: new AIMessageChunk({ id, content: text }) });
      yield chunk;
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
      if (token % 10 === 9) await nextTurn();
    }
  }
}
