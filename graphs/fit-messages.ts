import { type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";

/** Bounds on what a model is sent. A token is about four characters, so the whole is about 30,000 tokens. */
export const PROMPT_LIMITS = { totalChars: 120_000, resultChars: 12_000, oldResultChars: 1_500, humanChars: 8_000 };
export type PromptLimits = typeof PROMPT_LIMITS;

/**
 * A copy of the messages that fits: long tool results and user texts lose their middle and say how much is missing,
 * results of earlier turns more than those of the present one; then whole earlier turns are left out, oldest first,
 * with a line that says so. A call and its result stay together. The thread itself keeps everything.
 */
export function fitMessages(messages: readonly BaseMessage[], limits: PromptLimits = PROMPT_LIMITS): BaseMessage[] {
  const present = messages.findLastIndex((message) => HumanMessage.isInstance(message));
  const cut = messages.map((message, index) => {
    if (HumanMessage.isInstance(message)) return cutHuman(message, limits.humanChars);
    if (!ToolMessage.isInstance(message)) return message;
    return cutResult(message, index > present ? limits.resultChars : limits.oldResultChars);
  });
  const turns = splitTurns(cut);
  let total = cut.reduce((sum, message) => sum + message.text.length, 0);
  let left = 0;
  while (turns.length > 1 && total > limits.totalChars) {
    const oldest = turns.shift() ?? [];
    total -= oldest.reduce((sum, message) => sum + message.text.length, 0);
    left += oldest.length;
  }
  const kept = total > limits.totalChars ? cutOlderResults(turns.flat(), total, limits) : turns.flat();
  return left === 0 ? kept : [new HumanMessage(`(${left} earlier messages of this thread are left out.)`), ...kept];
}

/** One turn alone can be too long: its results are cut short from the oldest on until the rest fits. */
function cutOlderResults(messages: readonly BaseMessage[], total: number, limits: PromptLimits): BaseMessage[] {
  let left = total;
  return messages.map((message) => {
    if (left <= limits.totalChars || !ToolMessage.isInstance(message)) return message;
    const cut = cutResult(message, limits.oldResultChars);
    left -= message.text.length - cut.text.length;
    return cut;
  });
}

/** The two ends of a text with the number of characters between them. */
export function cutMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const head = Math.ceil(maxChars * 0.7);
  const tail = maxChars - head;
  const missing = text.length - maxChars;
  return `${text.slice(0, head)}\n[… ${missing} characters left out …]\n${text.slice(text.length - tail)}`;
}

function cutResult(message: ToolMessage, maxChars: number): ToolMessage {
  if (message.text.length <= maxChars) return message;
  return new ToolMessage({
    ...(message.id === undefined ? {} : { id: message.id }),
    ...(message.name === undefined ? {} : { name: message.name }),
    tool_call_id: message.tool_call_id,
    content: cutMiddle(message.text, maxChars),
  });
}

function cutHuman(message: HumanMessage, maxChars: number): HumanMessage {
  if (message.text.length <= maxChars) return message;
  return new HumanMessage({
    ...(message.id === undefined ? {} : { id: message.id }),
    content: cutMiddle(message.text, maxChars),
  });
}

function splitTurns(messages: readonly BaseMessage[]): BaseMessage[][] {
  const turns: BaseMessage[][] = [];
  for (const message of messages) {
    if (HumanMessage.isInstance(message) || turns.length === 0) turns.push([]);
    turns.at(-1)?.push(message);
  }
  return turns;
}
