import { type ReactElement, createElement } from "react";
import { createRoot } from "react-dom/client";

import { errorMessage } from "../../../lib/errors.ts";

/** What the pages use of a browser; the project's own code knows no DOM. */
interface BrowserGlobals {
  readonly document: { getElementById(id: string): unknown };
  readonly location: { readonly href: string };
  readonly history: { replaceState(data: unknown, unused: string, url: string): void };
}
const { document, location, history } = globalThis as unknown as BrowserGlobals;

const address = new URL(location.href);

/** From the page's address: where the server is, what to run, and the thread of an earlier visit. */
export const settings = {
  apiUrl: address.searchParams.get("api") ?? "",
  assistantId: address.searchParams.get("assistant") ?? "",
  transport: address.searchParams.get("transport") === "websocket" ? ("websocket" as const) : ("sse" as const),
  threadId: address.searchParams.get("thread"),
};

/** Puts the thread into the page's address, so that a reload finds it again. */
export function rememberThread(threadId: string): void {
  address.searchParams.set("thread", threadId);
  history.replaceState(null, "", address.href);
}

export interface View {
  readonly messages: readonly { readonly type: string; readonly text: string }[];
  readonly isLoading: boolean;
  readonly question: unknown;
  readonly error: unknown;
  send(text: string): void;
  answer(value: string): void;
  stop(): void;
}

/** A chat, as plain as can be. */
export function Chat(view: View): ReactElement {
  const button = (id: string, onClick: () => void): ReactElement =>
    createElement("button", { id, key: id, onClick }, id);
  return createElement(
    "main",
    null,
    createElement(
      "ol",
      { id: "messages" },
      ...view.messages.map(({ type, text }) => createElement("li", null, `${type}: ${text}`)),
    ),
    createElement("p", { id: "state" }, view.isLoading ? "loading" : "idle"),
    createElement("p", { id: "question" }, view.question === undefined ? "" : JSON.stringify(view.question)),
    createElement("p", { id: "error" }, view.error == null ? "" : errorMessage(view.error)),
    button("talk", () => view.send("talk")),
    button("ask", () => view.send("ask")),
    button("approve", () => view.answer("yes")),
    button("stop", () => view.stop()),
  );
}

export function mount(Page: () => ReactElement): void {
  createRoot(document.getElementById("root")).render(createElement(Page));
}
