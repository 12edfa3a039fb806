import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/sdk/types.js";

import type { ToolOutcome } from "./tool-client.ts";

/** Longest text handed on, in UTF-16 code units. Servers that are not ours may send anything. */
export const MAX_OUTCOME_CHARS = 262_144;
/** Structured content whose JSON is longer is left out: it would stay in every checkpoint. */
const MAX_STRUCTURED_CHARS = 2_097_152;

/**
 * What a tool said, bounded. Blocks that are not text are named and left out. A text that is one JSON object counts as
 * structured content where the server sent none, which is how error results and older servers give theirs.
 */
export function toOutcome(result: CallToolResult, maxChars = MAX_OUTCOME_CHARS): ToolOutcome {
  const whole = result.content.map((block) => blockText(block)).join("\n");
  const structured = boundStructured(result.structuredContent ?? parseObject(whole));
  return {
    isError: result.isError === true,
    text: cutText(whole, maxChars),
    ...(structured !== undefined && { structured }),
  };
}

/** The text itself, or its beginning and a line that says how much is missing. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  return `${text.slice(0, maxChars)}\n[cut: ${text.length - maxChars} of ${text.length} characters left out; ask for less at a time]`;
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return `[${block.type} ${block.mimeType} left out]`;
    case "resource_link":
      return `[resource ${block.uri}]`;
    case "resource":
      return "text" in block.resource ? block.resource.text : `[resource ${block.resource.uri} left out]`;
  }
}

function boundStructured(value: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (value === undefined || JSON.stringify(value).length <= MAX_STRUCTURED_CHARS) return value;
  return undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    // A JSON text that begins with a brace is an object.
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
