import { createElement, useState } from "react";

import { Chat, mount, rememberThread, settings } from "./view.ts";

export interface State extends Record<string, unknown> {
  messages: { id?: string; type: "human" | "ai"; content: string }[];
}

/** What the page uses of the hook; both lines of the SDK have it. */
type UseStream = (options: {
  readonly apiUrl: string;
  readonly assistantId: string;
  readonly messagesKey: "messages";
  readonly reconnectOnMount: boolean;
  readonly fetchStateHistory: boolean;
  readonly threadId: string | null;
  readonly onThreadId: (id: string) => void;
}) => {
  readonly messages: readonly { readonly type: string; readonly content: unknown }[];
  readonly isLoading: boolean;
  readonly interrupt?: { readonly value?: unknown } | undefined;
  readonly error: unknown;
  submit(values: State | undefined, options?: { command: { resume: string } }): unknown;
  stop(): unknown;
};

/** The older hook, over the run-centric API. */
export function mountRunCentric(useStream: UseStream): void {
  mount(function Page() {
    const [threadId, setThreadId] = useState(settings.threadId);
    const stream = useStream({
      apiUrl: settings.apiUrl,
      assistantId: settings.assistantId,
      messagesKey: "messages",
      reconnectOnMount: true,
      // As agent-chat-ui has it. Without it the hook of 2.0.0 reads the state only once and keeps asking.
      fetchStateHistory: true,
      threadId,
      onThreadId: (id) => {
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
}
