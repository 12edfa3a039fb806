import type { JsonValue } from "../table.ts";
import type { ChatMessage, LlmColumn, ToolCall } from "./column.ts";
import { splitReasoning } from "./fences.ts";
import type { JsonSchema } from "./json-schema.ts";
import { type ParseOptions, parseAnswer } from "./parse-answer.ts";
import { correctionMessage } from "./prompt.ts";

export interface LadderLimits {
  /** Follow-up messages in one conversation that say what was wrong with the answer. */
  readonly maxCorrections: number;
  /** Fresh conversations after the first. */
  readonly maxRestarts: number;
}

/** As the original: no corrections, five restarts, so at most six answers. */
export const DEFAULT_LIMITS: LadderLimits = { maxCorrections: 0, maxRestarts: 5 };

/** One cell on its way to a value. Every state but `asking` is final. */
export type Conversation =
  | {
      readonly status: "asking";
      readonly opening: readonly ChatMessage[];
      /** What to send now. */
      readonly messages: readonly ChatMessage[];
      readonly corrections: number;
      readonly restarts: number;
      /** Answers of this conversation that asked for tools. */
      readonly toolTurns: number;
    }
  | {
      readonly status: "done";
      readonly value: JsonValue;
      readonly repairs: readonly string[];
      readonly messages: readonly ChatMessage[];
    }
  | { readonly status: "failed"; readonly problem: string; readonly answers: number };

export interface ModelReply {
  readonly text: string;
  readonly reasoning?: string;
  readonly isCut: boolean;
  readonly toolCalls?: readonly ToolCall[];
}

export type AskingConversation = Extract<Conversation, { status: "asking" }>;

export function startConversation(opening: readonly ChatMessage[]): AskingConversation {
  return { status: "asking", opening, messages: opening, corrections: 0, restarts: 0, toolTurns: 0 };
}

export interface AdvanceOptions {
  readonly column: LlmColumn;
  readonly limits: LadderLimits;
  readonly repairJson: ParseOptions["repairJson"];
}

/** The state after a reply: done, a correction, a restart, or failed once both are used up. Throws in a final state. */
export function advance(
  state: Conversation,
  reply: ModelReply,
  { column, limits, repairJson }: AdvanceOptions,
): Conversation {
  if (state.status !== "asking") throw new Error(`a ${state.status} conversation takes no reply`);
  const parsed = parseAnswer(column, reply.text, { repairJson, isCut: reply.isCut });
  const messages = [...state.messages, toMessage(reply)];
  if (parsed.isUsable) return { status: "done", value: parsed.value, repairs: parsed.repairs, messages };
  if (state.corrections < limits.maxCorrections) {
    return { ...state, messages: [...messages, correctionMessage(parsed.problem)], corrections: state.corrections + 1 };
  }
  if (state.restarts < limits.maxRestarts) {
    return { ...state, messages: state.opening, corrections: 0, restarts: state.restarts + 1, toolTurns: 0 };
  }
  return { status: "failed", problem: parsed.problem, answers: (limits.maxCorrections + 1) * (limits.maxRestarts + 1) };
}

/** The state after an answer that asked for tools; `results` are the texts for its calls, in their order. */
export function takeToolResults(
  state: AskingConversation,
  reply: ModelReply,
  results: readonly string[],
): AskingConversation {
  const calls = reply.toolCalls ?? [];
  const answers = calls.map(({ id }, at): ChatMessage => ({
    role: "tool",
    content: results[at] ?? "",
    toolCallId: id,
  }));
  const asked: ChatMessage = { ...toMessage(reply), toolCalls: calls };
  return { ...state, messages: [...state.messages, asked, ...answers], toolTurns: state.toolTurns + 1 };
}

function toMessage(reply: ModelReply): ChatMessage {
  const { text, reasoning: inText } = splitReasoning(reply.text);
  const reasoning = [reply.reasoning ?? "", inText].filter((part) => part !== "").join("\n\n");
  return { role: "assistant", content: text, ...(reasoning === "" ? {} : { reasoning }) };
}

/** The side columns that a column asks for, filled from its finished conversation; null without one. */
export function sideColumns(
  column: LlmColumn,
  messages: readonly ChatMessage[] | undefined,
): Readonly<Record<string, JsonValue>> {
  const side: Record<string, JsonValue> = {};
  const last = messages?.at(-1);
  if (column.with_trace === "last_message") side[`${column.name}__trace`] = last === undefined ? null : [toTrace(last)];
  if (column.with_trace === "all_messages") side[`${column.name}__trace`] = messages?.map(toTrace) ?? null;
  if (column.extract_reasoning_content === true) side[`${column.name}__reasoning_content`] = last?.reasoning ?? null;
  return side;
}

function toTrace({ role, content, media, reasoning, toolCalls, toolCallId }: ChatMessage): JsonValue {
  return {
    role,
    content,
    ...(media === undefined || media.length === 0 ? {} : { media }),
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(toolCalls === undefined ? {} : { tool_calls: toolCalls.map(toWireCall) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

/** A call in the form of the chat completions API. */
export function toWireCall({ id, name, args }: ToolCall): JsonSchema {
  return { id, type: "function", function: { name, arguments: args } };
}
