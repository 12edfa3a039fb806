import { Agent, type IncomingMessage } from "node:http";

import { createThreads, open, sendJson } from "./http.ts";

/** Where a reader that only waits may sit. */
export const READER_KINDS = ["run stream", "thread stream", "protocol v2 stream"] as const;
export type ReaderKind = (typeof READER_KINDS)[number];

export interface WaitingRun {
  readonly threadId: string;
  readonly runId: string;
}

/** Starts runs that do nothing until the server ends, each on a thread of its own. */
export async function startWaitingRuns(url: string, count: number): Promise<WaitingRun[]> {
  const agent = new Agent({ keepAlive: true });
  try {
    const threads = await createThreads(agent, url, count);
    const runs: WaitingRun[] = [];
    for (const threadId of threads) {
      const body = JSON.stringify({ assistant_id: "waiting", input: { log: ["start"] } });
      const run = await sendJson<{ run_id: string }>({ agent, url: `${url}/threads/${threadId}/runs`, body });
      runs.push({ threadId, runId: run.run_id });
    }
    return runs;
  } finally {
    agent.destroy();
  }
}

/** Readers spread evenly over the runs, each on a connection of its own. Resolves when every one has its head of answer. */
export async function openReaders(
  url: string,
  { kind, count, runs }: { kind: ReaderKind; count: number; runs: readonly WaitingRun[] },
): Promise<{ close(): void }> {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  // All at once: the head of an answer may come as late as the first heartbeat.
  const responses = await Promise.all(
    Array.from({ length: count }, (_, index) => openReader(url, agent, kind, runs, index)),
  );
  for (const response of responses) response.on("error", () => undefined).resume();
  return {
    close() {
      for (const response of responses) response.destroy();
      agent.destroy();
    },
  };
}

function openReader(
  url: string,
  agent: Agent,
  kind: ReaderKind,
  runs: readonly WaitingRun[],
  index: number,
): Promise<IncomingMessage> {
  const { threadId, runId } = runs[index % runs.length] ?? { threadId: "", runId: "" };
  const thread = `${url}/threads/${threadId}`;
  switch (kind) {
    case "run stream":
      return open({ agent, url: `${thread}/runs/${runId}/stream` });
    case "thread stream":
      return open({ agent, url: `${thread}/stream` });
    case "protocol v2 stream": {
      const body = JSON.stringify({ channels: ["values", "messages", "lifecycle", "input"] });
      return open({ agent, url: `${thread}/stream/events`, body });
    }
  }
}
