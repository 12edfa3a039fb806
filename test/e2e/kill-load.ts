import type { Random } from "../../lib/random.ts";
import type { KilledServer } from "./kills.ts";

/** What the client of a run knows about it. */
export interface Operation {
  readonly op: string;
  readonly kind: "enqueue" | "delayed" | "stateless" | "stream" | "ask" | "cancel" | "rollback";
  readonly durability: "sync" | "async";
  readonly threadId: string | undefined;
  /** Undefined when the answer was lost with the server: it may have been accepted or not. */
  runId: string | undefined;
  /** A cancel that was answered. */
  isStopped: boolean;
}

/** What one reader of a resumable stream got, over all its connections. */
export interface StreamReading {
  readonly op: string;
  readonly ids: number[];
  readonly events: string[];
  readonly data: string[];
}

export interface KillLoad {
  readonly operations: readonly Operation[];
  readonly readings: readonly StreamReading[];
  /** Webhook bodies by operation. */
  readonly hooks: ReadonlyMap<string, unknown[]>;
  /** A few requests of random kinds; resolves when they were answered or lost. */
  step(): Promise<void>;
  takeHook(body: string): void;
  /** Answers whatever question is open. Resolves to the number of threads that still wait for something. */
  answer(): Promise<number>;
  /** Resolves when every reader has got the end of its stream. */
  readonly reading: () => Promise<unknown>;
}

export interface KillLoadOptions {
  readonly server: KilledServer;
  readonly random: Random;
  readonly hookUrl: string;
  /** Stops the readers. */
  readonly signal: AbortSignal;
}

const THREADS = 4;
const JSON_HEADERS = { "content-type": "application/json" };

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A client that keeps asking while servers come and go. */
export function createKillLoad({ server, random, hookUrl, signal }: KillLoadOptions): KillLoad {
  const operations: Operation[] = [];
  const readings: StreamReading[] = [];
  const hooks = new Map<string, unknown[]>();
  const readers: Promise<void>[] = [];
  const threads: string[] = [];
  /** Threads whose questions are not all answered. */
  const asked = new Set<string>();
  const pick = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));

  /** Undefined when the server died over it. */
  const call = async (method: string, target: string, body?: unknown): Promise<Answer | undefined> => {
    try {
      const response = await fetch(`${server.url()}${target}`, {
        method,
        headers: JSON_HEADERS,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.status >= 500) throw new Error(`${method} ${target} answered ${response.status}: ${text}`);
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    } catch (error) {
      if (error instanceof TypeError || error instanceof SyntaxError) return undefined;
      throw error;
    }
  };
  const newThread = async (): Promise<string | undefined> => {
    const answer = await call("POST", "/threads", {});
    return (answer?.body as { thread_id: string } | undefined)?.thread_id;
  };
  const begin = (kind: Operation["kind"], threadId: string | undefined): Operation => {
    const durability = random() < 0.5 ? "sync" : "async";
    const operation: Operation = {
      op: `${kind}-${operations.length}`,
      kind,
      durability,
      threadId,
      runId: undefined,
      isStopped: false,
    };
    operations.push(operation);
    return operation;
  };
  const bodyOf = ({ op, durability }: Operation, extra: object): object => ({
    assistant_id: "steps",
    input: { op, pauseMs: pick(0, 12) },
    metadata: { op },
    durability,
    multitask_strategy: "enqueue",
    webhook: `${hookUrl}/${op}`,
    ...extra,
  });
  const start = async (operation: Operation, extra: object = {}): Promise<void> => {
    const target = operation.threadId === undefined ? "/runs" : `/threads/${operation.threadId}/runs`;
    const answer = await call("POST", target, bodyOf(operation, extra));
    operation.runId = (answer?.body as { run_id: string } | undefined)?.run_id;
  };

  /** Reads to the end, connecting again with the last id whenever the server dies. */
  const follow = async (operation: Operation, reading: StreamReading): Promise<void> => {
    const target = `/threads/${operation.threadId}/runs/${operation.runId}/stream`;
    while (!signal.aborted) {
      try {
        const response = await fetch(`${server.url()}${target}`, {
          headers: { "last-event-id": String(reading.ids.at(-1) ?? -1) },
          signal,
        });
        if (response.ok && (await readFrames(response, reading))) return;
      } catch {
        // The server died; the next one goes on.
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  const kinds: Record<Operation["kind"], () => Promise<void>> = {
    enqueue: () => start(begin("enqueue", threads[pick(0, threads.length - 1)])),
    delayed: async () => {
      const threadId = await newThread();
      if (threadId !== undefined) await start(begin("delayed", threadId), { after_seconds: random() / 2 });
    },
    stateless: () => start(begin("stateless", undefined)),
    stream: async () => {
      const threadId = await newThread();
      if (threadId === undefined) return;
      const operation = begin("stream", threadId);
      await start(operation, { stream_resumable: true, stream_mode: ["updates", "custom", "values"] });
      if (operation.runId === undefined) return;
      const reading: StreamReading = { op: operation.op, ids: [], events: [], data: [] };
      readings.push(reading);
      readers.push(follow(operation, reading));
    },
    ask: async () => {
      const threadId = await newThread();
      if (threadId === undefined) return;
      await start(begin("ask", threadId), { assistant_id: "ask" });
      asked.add(threadId);
    },
    cancel: () => stopOne("cancel"),
    rollback: () => stopOne("rollback"),
  };
  const stopOne = async (kind: "cancel" | "rollback"): Promise<void> => {
    const threadId = await newThread();
    if (threadId === undefined) return;
    const operation = begin(kind, threadId);
    await start(operation);
    if (operation.runId === undefined) return;
    const action = kind === "cancel" ? "interrupt" : "rollback";
    const answer = await call("POST", `/threads/${threadId}/runs/${operation.runId}/cancel?action=${action}`);
    operation.isStopped = answer?.status === 202;
  };

  return {
    operations,
    readings,
    hooks,
    async step() {
      while (threads.length < THREADS) {
        const threadId = await newThread();
        if (threadId === undefined) return;
        threads.push(threadId);
      }
      const names = ["enqueue", "enqueue", "delayed", "stateless", "stream", "ask", "cancel", "rollback"] as const;
      await Promise.all([
        kinds[names[pick(0, names.length - 1)] ?? "enqueue"](),
        kinds[names[pick(0, names.length - 1)] ?? "enqueue"](),
        this.answer(),
      ]);
    },
    takeHook(body) {
      const run = JSON.parse(body) as { metadata: { op: string } };
      hooks.set(run.metadata.op, [...(hooks.get(run.metadata.op) ?? []), run]);
    },
    async answer() {
      let waiting = 0;
      for (const threadId of asked) {
        const thread = (await call("GET", `/threads/${threadId}`))?.body as
          { status: string; interrupts: Record<string, { value: string }[]> } | undefined;
        if (thread === undefined || thread.status === "busy") waiting += 1;
        if (thread?.status === "idle") asked.delete(threadId);
        const question = Object.values(thread?.interrupts ?? {}).flat()[0]?.value;
        if (thread?.status !== "interrupted" || question === undefined) continue;
        waiting += 1;
        // The answer says which question it is for: taken by the other one, it would show in the state.
        await call("POST", `/threads/${threadId}/runs`, {
          assistant_id: "ask",
          command: { resume: question.split(" ")[0] },
          metadata: { question },
        });
      }
      return waiting;
    },
    reading: () => Promise.all(readers),
  };
}

/** True when the stream came to its end. */
async function readFrames(response: Response, reading: StreamReading): Promise<boolean> {
  let text = "";
  // A body of fetch is iterable in Node.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const frame = text.slice(0, end);
      text = text.slice(end + 2);
      const id = /^id: (\d+)$/m.exec(frame)?.[1];
      const event = /^event: (.+)$/m.exec(frame)?.[1];
      if (id === undefined || event === undefined) continue;
      reading.ids.push(Number(id));
      reading.events.push(event);
      reading.data.push(/^data: (.+)$/m.exec(frame)?.[1] ?? "");
      if (event === "end" || event === "error") return true;
    }
  }
  return false;
}
