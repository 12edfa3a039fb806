import { createElement, useState } from "react";
import { useStream } from "langgraph-sdk-2/react";

import { Chat, mount, rememberThread, settings } from "./view.ts";

interface State extends Record<string, unknown> {
  messages: { id?: string; type: "human" | "ai"; content: string }[];
}

/** The older hook, over the run-centric API. */
mount(function Page() {
  const [threadId, setThreadId] = useState(settings.threadId);
  const stream = useStream<State>({
    apiUrl: settings.apiUrl,
    assistantId: settings.assistantId,
    messagesKey: "messages",
    reconnectOnMount: true,
    // As agent-chat-ui has it. Without it the hook of 2.0.0 reads the state only once and keeps asking.
    fetchStateHistory: true,
    threadId,
    onThreadId: (id: string) => {
      rememberThread(id);
      setThreadId(id);
    },
  });
  return createElement(Chat, {
    messages: stream.messages.map(({ type, content }) => ({
      type,
      text: typeof content === "string" ? content : JSON.stringify(content),
    })),
    isLoading: stream.isLoading,
    question: stream.interrupt?.value,
    error: stream.error,
    send: (text) => void stream.submit({ messages: [{ type: "human", content: text }] }),
    answer: (value) => void stream.submit(undefined, { command: { resume: value } }),
    stop: () => void stream.stop(),
  });
});
