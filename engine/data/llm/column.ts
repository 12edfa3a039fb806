import type { JudgeScore } from "./judge.ts";
import type { JsonSchema } from "./json-schema.ts";

/** The part of a design's LLM column that decides how it is asked and how its answer is read. */
export type LlmColumn = {
  readonly name: string;
  readonly with_trace?: "none" | "last_message" | "all_messages";
  readonly extract_reasoning_content?: boolean;
} & (
  | { readonly column_type: "llm-text" }
  | { readonly column_type: "llm-code"; readonly code_lang: string }
  | { readonly column_type: "llm-structured"; readonly output_format: JsonSchema }
  | { readonly column_type: "llm-judge"; readonly scores: readonly JudgeScore[] }
);

/** A call that a model asks for; `args` is JSON text as the model wrote it, broken or not. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly args: string;
}

/** An image, a sound or a video beside the text of a message, in the form of the chat completions API. */
export type MediaPart = JsonSchema & { readonly type: string };

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  readonly media?: readonly MediaPart[];
  /** What the model thought before it answered, when the endpoint says so. */
  readonly reasoning?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** Of a tool message: the call that it answers. */
  readonly toolCallId?: string;
}
