import { type BaseMessage, HumanMessage } from "@langchain/core/messages";

import { type ToolExchange, currentTurn, readExchanges } from "../../conversation.ts";
import { splitMessage } from "../pasted-log.ts";
import { type Intent, classify } from "./intent.ts";
import { sentence } from "./text-words.ts";

/** The conversation as the policy reads it. */
export interface PolicyView {
  readonly intent: Intent;
  /** Tool calls answered since then, in order. */
  readonly done: readonly ToolExchange[];
  /** Tool calls of the whole thread, those included. */
  readonly thread: readonly ToolExchange[];
}

export function viewConversation(messages: readonly BaseMessage[]): PolicyView {
  const questions = messages.filter((message) => HumanMessage.isInstance(message)).map(splitMessage);
  return {
    intent: classify(questions.at(-1) ?? { prose: "" }, questions.slice(0, -1).slice(-8)),
    done: readExchanges(currentTurn(messages)),
    thread: readExchanges(messages),
  };
}

/** Whether this tool has been called for the present question, with or without success. */
export function wasCalled(view: PolicyView, name: string): boolean {
  return view.done.some((exchange) => exchange.name === name);
}

/** What the tool said when it failed for the present question. */
export function failureOf(view: PolicyView, name: string): string | undefined {
  return view.done.findLast((exchange) => exchange.name === name && exchange.isError)?.text;
}

/** The same as the end of a sentence, also when the tool gave no reason. */
export function describeFailure(view: PolicyView, name: string): string {
  return sentence(failureOf(view, name) ?? "no answer");
}
