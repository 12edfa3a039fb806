import { useStream } from "@langchain/react";
import { createElement, useState } from "react";

import { Chat, mount, rememberThread, settings } from "./view.ts";

/** The newer hook, over the thread-centric protocol. */
mount(function Page() {
  const [threadId, setThreadId] = useState(settings.threadId);
  const stream = useStream({
    apiUrl: settings.apiUrl,
    assistantId: settings.assistantId,
    transport: settings.transport,
    threadId,
    onThreadId: (id: string) => {
      rememberThread(id);
      setThreadId(id);
    },
  });
  return createElement(Chat, {
    messages: stream.messages.map(({ type, text }) => ({ type, text })),
    isLoading: stream.isLoading,
    question: stream.interrupt?.value,
    error: stream.error,
    send: (text) => void stream.submit({ messages: [{ type: "human", content: text }] }),
    answer: (value) => void stream.respond(value),
    stop: () => void stream.stop(),
  });
});
