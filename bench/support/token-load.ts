import { Agent } from "node:http";

import { countEvents } from "./count-events.ts";
import { createThreads } from "./http.ts";

export interface TokenKind {
  readonly name: string;
  readonly graphId: string;
  readonly streamMode: string;
  /** The SSE event that carries one token. */
  readonly event: string;
  readonly isResumable: boolean;
}

export const CUSTOM_TOKENS: TokenKind = {
  name: "custom events of a node",
  graphId: "custom_tokens",
  streamMode: "custom",
  event: "custom",
  isResumable: false,
};
export const MODEL_TOKENS: TokenKind = {
  name: "tokens of a chat model",
  graphId: "model_tokens",
  streamMode: "messages-tuple",
  event: "messages",
  isResumable: false,
};
export const TOKEN_KINDS: readonly TokenKind[] = [
  CUSTOM_TOKENS,
  { ...CUSTOM_TOKENS, name: "the same, resumable (stored)", isResumable: true },
  MODEL_TOKENS,
];

export interface TokenLoad {
  readonly events: number;
  readonly seconds: number;
  readonly perSecond: number;
}

/** Streams that run at the same time, each on a thread of its own. Throws when one does not bring every token once. */
export async function loadTokens(
  url: string,
  { streams, tokens, kind }: { streams: number; tokens: number; kind: TokenKind },
): Promise<TokenLoad> {
  const agent = new Agent({ keepAlive: true, maxSockets: streams });
  const body = JSON.stringify({
    assistant_id: kind.graphId,
    input: { count: tokens },
    stream_mode: [kind.streamMode],
    stream_resumable: kind.isResumable,
  });
  try {
    const threads = await createThreads(agent, url, streams);
    const startedAt = performance.now();
    const counts = await Promise.all(
      threads.map((thread) => countEvents({ agent, url: `${url}/threads/${thread}/runs/stream`, body }, kind.event)),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const wrong = counts.find((count) => count !== tokens);
    if (wrong !== undefined) throw new Error(`${kind.name}: a stream of ${tokens} tokens brought ${wrong}`);
    const events = streams * tokens;
    return { events, seconds, perSecond: events / seconds };
  } finally {
    agent.destroy();
  }
}
