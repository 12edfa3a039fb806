import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";

/** A tool call with what came back, as the messages of a thread tell it. */
export interface ToolExchange {
  readonly callId: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
  /** The structured result; empty when there is none. */
  readonly result: Readonly<Record<string, unknown>>;
  /** Text for people: of a failure what went wrong, else the whole text of the result. */
  readonly text: string;
}

/** Messages since the user last spoke, that message included; all of them when the user never did. */
export function currentTurn(messages: readonly BaseMessage[]): readonly BaseMessage[] {
  const start = messages.findLastIndex((message) => HumanMessage.isInstance(message));
  return start === -1 ? messages : messages.slice(start);
}

/** Model turns already taken since the user last spoke. */
export function countTurns(messages: readonly BaseMessage[]): number {
  return currentTurn(messages).filter((message) => AIMessage.isInstance(message)).length;
}

/**
 * The messages with an answer for every call that never got one, right after its message: an approval that the user
 * passed over by writing something else leaves such calls behind, and endpoints refuse a conversation with them.
 */
export function answerOpenCalls(messages: readonly BaseMessage[]): BaseMessage[] {
  const answered = new Set(messages.flatMap((one) => (ToolMessage.isInstance(one) ? [one.tool_call_id] : [])));
  return messages.flatMap((message) => {
    if (!AIMessage.isInstance(message)) return [message];
    const open = (message.tool_calls ?? []).filter(({ id }) => id !== undefined && !answered.has(id));
    return [
      message,
      ...open.map(
        ({ id = "", name }) =>
          new ToolMessage({
            name,
            tool_call_id: id,
            status: "error",
            content: "not run: the user wrote again instead",
          }),
      ),
    ];
  });
}

/** Answered tool calls in the order of their answers. */
export function readExchanges(messages: readonly BaseMessage[]): ToolExchange[] {
  const args = new Map<string, Readonly<Record<string, unknown>>>();
  const exchanges: ToolExchange[] = [];
  for (const message of messages) {
    if (AIMessage.isInstance(message)) {
      for (const call of message.tool_calls ?? []) if (call.id !== undefined) args.set(call.id, call.args);
    } else if (ToolMessage.isInstance(message)) {
      const result = readResult(message);
      exchanges.push({
        callId: message.tool_call_id,
        name: message.name ?? "",
        args: args.get(message.tool_call_id) ?? {},
        isError: message.status === "error",
        result,
        text: typeof result["error"] === "string" ? result["error"] : message.text,
      });
    }
  }
  return exchanges;
}

/** The artifact where the text is not the whole result, else the text, which is then its JSON. */
function readResult(message: ToolMessage): Readonly<Record<string, unknown>> {
  const artifact: unknown = message.artifact;
  if (isRecord(artifact)) return artifact;
  if (!message.text.startsWith("{")) return {};
  try {
    const value: unknown = JSON.parse(message.text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Text a person sent: text blocks and text files joined by line ends. Front ends send a file as a block with `text`,
 * or with base64 `data` and a textual media type.
 */
export function humanText(message: BaseMessage): string {
  if (typeof message.content === "string") return message.content;
  return message.content
    .map((block) => {
      if (typeof block["text"] === "string") return block["text"];
      const mime = block["mimeType"] ?? block["mime_type"];
      const isText = typeof mime === "string" && mime.startsWith("text/");
      return isText && typeof block["data"] === "string" ? Buffer.from(block["data"], "base64").toString("utf8") : "";
    })
    .filter((text) => text !== "")
    .join("\n");
}
