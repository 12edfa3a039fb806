import { AIMessage, type BaseMessage } from "@langchain/core/messages";

/**
 * Messages as an OpenAI-compatible endpoint takes them: an AI message as its text and its calls, without reasoning
 * (servers refuse or ignore it) and with the calls whose arguments were unreadable, because each has a tool message
 * that must find its call.
 */
export function toEndpointMessages(messages: readonly BaseMessage[]): BaseMessage[] {
  return messages.map((message) => {
    if (!AIMessage.isInstance(message)) return message;
    const invalid = (message.invalid_tool_calls ?? []).map((call) => ({
      type: "tool_call" as const,
      id: call.id ?? "",
      name: call.name ?? "unknown",
      args: {},
    }));
    return new AIMessage({
      ...(message.id === undefined ? {} : { id: message.id }),
      content: message.text,
      tool_calls: [...(message.tool_calls ?? []), ...invalid],
    });
  });
}
