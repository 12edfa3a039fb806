import { AIMessage, type BaseMessage, SystemMessage } from "@langchain/core/messages";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";

import { answerOpenCalls, countTurns, currentTurn } from "./conversation.ts";
import { fitMessages } from "./fit-messages.ts";
import type { BoundModel } from "./model/types.ts";

export interface ReasonOptions {
  readonly model: BoundModel;
  readonly conversation: readonly BaseMessage[];
  readonly systemPrompt: string;
  /** What a graph leaves out of a message before it is cut to size, for example a pasted log. */
  readonly shorten?: (message: BaseMessage) => BaseMessage;
  /** Most model turns in one run, at least 1; the last of them is asked without tools. */
  readonly maxSteps: number;
  readonly config: LangGraphRunnableConfig;
}

/** One model turn. On the last turn a run may take, no tools are offered and calls are dropped, so that it ends. */
export async function reason(options: ReasonOptions): Promise<AIMessage> {
  const { model, conversation, systemPrompt, maxSteps, config, shorten = (message) => message } = options;
  const isLastTurn = countTurns(conversation) + 1 >= maxSteps;
  const system = isLastTurn
    ? `${systemPrompt}\n\nThis is the last turn: answer now, without calling tools.`
    : systemPrompt;
  const failure = endpointFailure(conversation);
  const message = await model.call({
    conversation,
    prompt: () => [new SystemMessage(system), ...fitMessages(answerOpenCalls(conversation).map(shorten))],
    config,
    canCallTools: !isLastTurn,
    ...(failure === undefined ? {} : { endpointFailure: failure }),
  });
  return isLastTurn && hasCalls(message) ? withoutCalls(message) : message;
}

/** Calls to run or to answer with what was wrong with them. */
export function hasCalls(message: BaseMessage | undefined): boolean {
  if (message === undefined || !AIMessage.isInstance(message)) return false;
  return (message.tool_calls?.length ?? 0) + (message.invalid_tool_calls?.length ?? 0) > 0;
}

/**
 * Why the endpoint failed since the user last spoke; undefined when it did not. Read from the messages, so it holds
 * after a resume or a restart too.
 */
export function endpointFailure(conversation: readonly BaseMessage[]): string | undefined {
  for (const message of currentTurn(conversation)) {
    const reason: unknown = AIMessage.isInstance(message) ? message.response_metadata["fallback_reason"] : undefined;
    if (typeof reason === "string") return reason;
  }
  return undefined;
}

function withoutCalls(message: AIMessage): AIMessage {
  return new AIMessage({
    ...(message.id === undefined ? {} : { id: message.id }),
    content: message.content,
    response_metadata: message.response_metadata,
  });
}
