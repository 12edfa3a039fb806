import { AIMessage, type AIMessageChunk } from "@langchain/core/messages";

import { ServiceError } from "../../../lib/errors.ts";
import { parseToolArguments } from "./tool-arguments.ts";

/**
 * The message the thread keeps, from the chunks of one answer: text alone as a string, or one reasoning block before
 * one text block; whole tool calls with parsed arguments; calls whose arguments cannot be read as `invalid_tool_calls`,
 * which the tool executor answers with what is wrong. Throws `model_failed` when the answer holds nothing to use.
 */
export function finishMessage(chunk: AIMessageChunk, label: string): AIMessage {
  const finishReason: unknown = chunk.response_metadata["finish_reason"];
  const { text, reasoning } = separateReasoning(chunk);
  const calls = (chunk.tool_call_chunks ?? []).map((call, index) => ({
    id: call.id ?? `call_${index}`,
    name: call.name ?? "",
    text: call.args ?? "",
    parsed:
      finishReason === "length" && index === (chunk.tool_call_chunks?.length ?? 0) - 1 && !isJson(call.args)
        ? ({ ok: false, problem: "the call was cut off at the token limit" } as const)
        : parseToolArguments(call.args ?? ""),
  }));
  if (text === "" && calls.length === 0) {
    throw new ServiceError(
      "model_failed",
      finishReason === "length"
        ? "the model used all its tokens for reasoning; raise LLM_MAX_TOKENS"
        : "the model gave an empty answer",
    );
  }
  return new AIMessage({
    ...(chunk.id === undefined ? {} : { id: chunk.id }),
    content:
      reasoning === ""
        ? text
        : [{ type: "reasoning", reasoning }, ...(text === "" ? [] : [{ type: "text" as const, text }])],
    tool_calls: calls.flatMap((call) =>
      call.parsed.ok ? [{ type: "tool_call" as const, id: call.id, name: call.name, args: call.parsed.args }] : [],
    ),
    invalid_tool_calls: calls.flatMap((call) =>
      call.parsed.ok
        ? []
        : [
            {
              type: "invalid_tool_call" as const,
              id: call.id,
              name: call.name,
              args: call.text,
              error: call.parsed.problem,
            },
          ],
    ),
    ...(chunk.usage_metadata === undefined ? {} : { usage_metadata: chunk.usage_metadata }),
    response_metadata: {
      ...(typeof finishReason === "string" ? { finish_reason: finishReason } : {}),
      answered_by: label,
    },
  });
}

function isJson(text: string | undefined): boolean {
  try {
    JSON.parse(text ?? "");
    return true;
  } catch {
    return false;
  }
}

function separateReasoning(chunk: AIMessageChunk): { text: string; reasoning: string } {
  let text = "";
  let reasoning = "";
  if (typeof chunk.content === "string") text = chunk.content;
  else {
    for (const block of chunk.content) {
      if (block.type === "reasoning" && typeof block["reasoning"] === "string") reasoning += block["reasoning"];
      else if (block.type === "text" && typeof block["text"] === "string") text += block["text"];
    }
  }
  // Templates that open the thinking in the prompt leave only the end tag in the answer.
  const strayEnd = text.indexOf("</think>");
  if (strayEnd !== -1) {
    reasoning += text.slice(0, strayEnd);
    text = text.slice(strayEnd + "</think>".length);
  }
  text = text.trim();
  reasoning = reasoning.trim();
  // An answer that came in the reasoning field is the answer, not a thought about it.
  return { text, reasoning: reasoning === text ? "" : reasoning };
}
