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

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
  /** What the model thought before it answered, when the endpoint says so. */
  readonly reasoning?: string;
}
