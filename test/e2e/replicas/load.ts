import { setTimeout as sleep } from "node:timers/promises";

import type { Random } from "../../../lib/random.ts";
import type { Replica } from "./cluster.ts";
import { STEPS, logOf, newOp } from "./runs.ts";
import { type Answer, type Frame, call, framesOf } from "./wire.ts";

/** What a client knows about a run that it asked for. */
export interface Operation {
  readonly op: string;
  readonly kind: Kind;
  /** Undefined for a stateless run. */
  readonly threadId: string | undefined;
  /** Undefined when the answer was lost with the server: the run may have been accepted or not. */
  runId: string | undefined;
  /** The client saw how it ended. */
  hasEnded: boolean;
  /** It stops whatever is unfinished on its thread, also runs whose answers were lost. */
  isInterrupting: boolean;
  readonly hasHook: boolean;
  readonly hasSyncCheckpoints: boolean;
}

export type Kind = (typeof KINDS)[number];

const KINDS = [
  "wait",
  "join",
  "burst",
  "follow",
  "stream",
  "delayed",
  "stateless",
  "cancel",
  "rollback",
  "interrupt",
  "ask",
] as const;

/** What a reader of a resumable stream got over all its connections. */
export interface Reading {
  readonly op: string;
  readonly frames: readonly Frame[];
  /** Connections it took. */
  readonly connections: number;
}

export interface Load {
  readonly operations: readonly Operation[];
  readonly readings: readonly Reading[];
  /** What clients were told that cannot be. */
  readonly problems: readonly string[];
  /** No further operations; resolves when those that were begun are over. */
  end(): Promise<void>;
}

export interface LoadOptions {
  readonly up: () => readonly Replica[];
  readonly random: Random;
  readonly hookUrl: string;
  /** Clients, each with a thread of its own. */
  readonly clients: number;
}

/** So long a client asks again when it gets no answer to what may be asked again. */
const ASK_LIMIT_MS = 60_000;
const RETRY_MS = 50;
const MAX_PAUSE_MS = 120;
const MAX_THINK_MS = 500;

/** Clients that ask whichever replica, while replicas come and go. */
export function startLoad({ up, random, hookUrl, clients }: LoadOptions): Load {
  const operations: Operation[] = [];
  const readings: Reading[] = [];
  const problems: string[] = [];
  const ending = new AbortController();
  const pick = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const anyone = async (): Promise<Replica> => {
    for (;;) {
      const replicas = up();
      const replica = replicas[pick(0, replicas.length - 1)];
      if (replica !== undefined) return replica;
      await sleep(RETRY_MS);
    }
  };

  /** One request to whichever replica; undefined when the answer was lost. A replica that stops refuses, and another is asked. */
  const send = async (method: string, target: string, body?: unknown): Promise<Answer | undefined> => {
    for (const untilMs = Date.now() + ASK_LIMIT_MS; Date.now() < untilMs; await sleep(RETRY_MS)) {
      const { url } = await anyone();
      try {
        const answer = await call(url, method, target, body);
        if (answer.status === 503) continue;
        if (answer.status >= 500) problems.push(`${method} ${target}: ${answer.status} ${JSON.stringify(answer.body)}`);
        return answer;
      } catch (error) {
        if (error instanceof TypeError) return undefined;
        throw error;
      }
    }
    problems.push(`${method} ${target}: nobody takes it`);
    return undefined;
  };
  /** A request that may be sent twice, until it is answered by a replica that is not about to stop. */
  const ask = async (method: string, target: string, body?: unknown): Promise<Answer | undefined> => {
    for (const untilMs = Date.now() + ASK_LIMIT_MS; Date.now() < untilMs; await sleep(RETRY_MS)) {
      const answer = await send(method, target, body);
      if (answer !== undefined && !isFarewell(answer.body)) return answer;
    }
    problems.push(`${method} ${target}: no answer`);
    return undefined;
  };

  const begin = (kind: Kind, threadId: string | undefined): Operation => {
    const operation: Operation = {
      op: newOp(kind),
      kind,
      threadId,
      runId: undefined,
      hasEnded: false,
      isInterrupting: false,
      hasHook: random() < 0.5,
      hasSyncCheckpoints: random() < 0.5,
    };
    operations.push(operation);
    return operation;
  };
  const bodyOf = ({ op, hasHook, hasSyncCheckpoints }: Operation, extra: object = {}): object => ({
    assistant_id: "steps",
    input: { op, pauseMs: pick(10, MAX_PAUSE_MS), hold: "" },
    metadata: { op },
    durability: hasSyncCheckpoints ? "sync" : "async",
    multitask_strategy: "enqueue",
    if_not_exists: "create",
    ...(hasHook ? { webhook: `${hookUrl}/${op}` } : {}),
    ...extra,
  });
  const start = async (operation: Operation, extra: object = {}): Promise<string | undefined> => {
    const answer = await send("POST", `/threads/${operation.threadId}/runs`, bodyOf(operation, extra));
    if (answer === undefined) return undefined;
    if (answer.status !== 200) problems.push(`${operation.op}: ${answer.status} ${JSON.stringify(answer.body)}`);
    operation.runId = (answer.body as { run_id?: string } | undefined)?.run_id;
    return `/threads/${operation.threadId}/runs/${operation.runId}`;
  };
  /** The end of the log must be this operation's: the client asks for nothing else on the thread meanwhile. */
  const expectEnd = (operation: Operation, body: unknown): void => {
    const { op } = operation;
    operation.hasEnded = true;
    const { log } = (body ?? {}) as { log?: string[] };
    if (JSON.stringify(log?.slice(-STEPS.length)) !== JSON.stringify(logOf(op))) {
      problems.push(`${op} ended with ${JSON.stringify(body).slice(0, 300)}`);
    }
  };
  const join = async (path: string): Promise<unknown> => (await ask("GET", `${path}/join`))?.body;

  /** Reads to the end, from whichever replica, and now and then goes to another one. */
  const read = async (operation: Operation, path: string): Promise<void> => {
    const frames: Frame[] = [];
    let connections = 0;
    const hasEnded = (): boolean => ["end", "error"].includes(frames.at(-1)?.event ?? "");
    const readOnce = async (): Promise<void> => {
      const { url } = await anyone();
      const leaving = new AbortController();
      const leaveAt = random() < 0.5 ? frames.length + pick(1, 10) : Number.POSITIVE_INFINITY;
      const response = await fetch(`${url}${path}/stream`, {
        headers: { "last-event-id": String(frames.at(-1)?.id ?? -1) },
        signal: leaving.signal,
      });
      if (!response.ok) return;
      connections += 1;
      for await (const frame of framesOf(response)) {
        if (frame.id === undefined) continue;
        frames.push(frame);
        if (frames.length >= leaveAt) leaving.abort();
      }
    };
    for (const untilMs = Date.now() + ASK_LIMIT_MS; Date.now() < untilMs; await sleep(RETRY_MS)) {
      // A connection that breaks is replaced by the next one.
      await readOnce().catch(() => undefined);
      if (hasEnded()) {
        readings.push({ op: operation.op, frames, connections });
        return;
      }
    }
    problems.push(`${operation.op}: its stream has no end: ${JSON.stringify(frames.at(-1))}`);
  };

  const stop = async (kind: "cancel" | "rollback", threadId: string): Promise<void> => {
    const operation = begin(kind, threadId);
    const path = await start(operation);
    if (path === undefined) return;
    await sleep(pick(0, 3 * MAX_PAUSE_MS));
    const action = kind === "cancel" ? "interrupt" : "rollback";
    const answer = await ask("POST", `${path}/cancel?wait=true&action=${action}`);
    // It may have ended before; and asked again after the answer was lost, one that was rolled back is not known any more.
    if (![204, 404, 409].includes(answer?.status ?? 204)) problems.push(`${operation.op}: ${answer?.status}`);
    const found = await ask("GET", path);
    const status = found?.status === 200 ? (found.body as { status: string }).status : String(found?.status);
    if (![kind === "cancel" ? "interrupted" : "404", "success"].includes(status)) {
      problems.push(`${operation.op} was stopped and is ${status}`);
    }
  };

  const scenarios: Record<Kind, (threadId: string) => Promise<void>> = {
    async wait(threadId) {
      const operation = begin("wait", threadId);
      const answer = await send("POST", `/threads/${threadId}/runs/wait`, bodyOf(operation));
      if (answer === undefined) return;
      operation.runId = answer.headers.get("content-location")?.split("/").at(-1);
      if (!isFarewell(answer.body)) expectEnd(operation, answer.body);
    },
    async join(threadId) {
      const operation = begin("join", threadId);
      const path = await start(operation);
      if (path !== undefined) expectEnd(operation, await join(path));
    },
    async burst(threadId) {
      let last: [Operation, string] | undefined;
      for (let index = 0; index < 3; index += 1) {
        const operation = begin("burst", threadId);
        const path = await start(operation);
        last = path === undefined ? undefined : [operation, path];
      }
      if (last !== undefined) expectEnd(last[0], await join(last[1]));
    },
    async follow(threadId) {
      const operation = begin("follow", threadId);
      const path = await start(operation, { stream_resumable: true, stream_mode: ["updates", "custom", "values"] });
      if (path !== undefined) await read(operation, path);
    },
    async stream(threadId) {
      const operation = begin("stream", threadId);
      const { url } = await anyone();
      const frames: Frame[] = [];
      try {
        const response = await fetch(`${url}/threads/${threadId}/runs/stream`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(bodyOf(operation)),
        });
        operation.runId = response.headers.get("content-location")?.split("/").at(-1);
        for await (const frame of framesOf(response)) if (frame.id !== undefined) frames.push(frame);
      } catch {
        // The server was lost; the run goes on.
      }
      const isInOrder = frames.every(({ id }, index) => id === index);
      if (!isInOrder) problems.push(`${operation.op}: its events are ${frames.map(({ id }) => id).join(" ")}`);
      if (operation.runId !== undefined) {
        expectEnd(operation, await join(`/threads/${threadId}/runs/${operation.runId}`));
      }
    },
    async delayed(threadId) {
      const operation = begin("delayed", threadId);
      const path = await start(operation, { after_seconds: random() });
      if (path !== undefined) expectEnd(operation, await join(path));
    },
    async stateless() {
      const operation = begin("stateless", undefined);
      const answer = await send("POST", "/runs/wait", bodyOf(operation));
      if (answer === undefined || isFarewell(answer.body)) return;
      operation.runId = answer.headers.get("content-location")?.split("/").at(-1);
      expectEnd(operation, answer.body);
    },
    cancel: (threadId) => stop("cancel", threadId),
    rollback: (threadId) => stop("rollback", threadId),
    async interrupt(threadId) {
      const former = begin("interrupt", threadId);
      await start(former);
      await sleep(pick(0, 2 * MAX_PAUSE_MS));
      const operation = begin("join", threadId);
      operation.isInterrupting = true;
      const path = await start(operation, { multitask_strategy: "interrupt" });
      if (path !== undefined) expectEnd(operation, await join(path));
    },
    async ask() {
      const threadId = crypto.randomUUID();
      const operation = begin("ask", threadId);
      const path = await start(operation, { assistant_id: "ask" });
      if (path === undefined) return;
      await join(path);
      const answer = begin("ask", threadId);
      const answerPath = await start(answer, { assistant_id: "ask", input: undefined, command: { resume: "yes" } });
      if (answerPath === undefined) return;
      const { log } = ((await join(answerPath)) ?? {}) as { log?: string[] };
      const expected = [`${operation.op}:before`, `${operation.op}:yes`, `${operation.op}:after`];
      if (JSON.stringify(log) !== JSON.stringify(expected)) problems.push(`${operation.op}: ${JSON.stringify(log)}`);
    },
  };

  const client = async (): Promise<void> => {
    const threadId = crypto.randomUUID();
    while (!ending.signal.aborted) {
      await scenarios[KINDS[pick(0, KINDS.length - 1)] ?? "wait"](threadId);
      await sleep(pick(0, MAX_THINK_MS));
    }
  };
  const playing = Promise.all(Array.from({ length: clients }, client));

  return {
    operations,
    readings,
    problems,
    async end() {
      ending.abort();
      await playing;
    },
  };
}

/** Said by a server that stops, or that comes back when others have executed its run: no end of the run. */
function isFarewell(body: unknown): boolean {
  const { error } = (body as { __error__?: { error?: string } } | undefined)?.__error__ ?? {};
  return error === "ServerStopping" || error === "RunTakenOver";
}
