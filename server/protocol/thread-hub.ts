import type { ProtocolEvent } from "@langchain/langgraph/stream";

import type { Clock } from "../../lib/clock.ts";
import { newUuid } from "../../lib/ids.ts";
import { serialize } from "../wire/serialize.ts";
import { type EventFilter, addressOf } from "./event-filter.ts";
import { type ThreadLog, createThreadLog } from "./thread-log.ts";

/** How long the events of a thread without run and reader are kept for those who come back. */
const KEEP_MS = 120_000;
/** Events of all threads together; the threads that were used least lately lose theirs first. */
const MAX_TOTAL_CHARS = 256 * 1024 * 1024;
const MAX_THREADS = 20_000;
/** Namespaces and subscriptions remembered of one thread. */
const MAX_NAMESPACES = 10_000;
const MAX_SUBSCRIPTIONS = 1_000;
const MAX_RUNS = 1_000;

export interface NamespaceStatus {
  readonly namespace: readonly string[];
  readonly status: string;
  readonly graphName: string;
}

/** One thread as the protocol sees it, while somebody uses it and some time after. */
export interface ProtocolThread {
  readonly threadId: string;
  readonly log: ThreadLog;
  /** Seq of the newest event; events to come have greater ones. */
  readonly lastSeq: number;
  /** Adds an event. Root life-cycle events name their run in the id, by which clients tell runs apart. */
  emit(event: Pick<ProtocolEvent, "method" | "params">, runId?: string): void;
  /** What the latest run's namespaces are about, root first. */
  readonly namespaces: readonly NamespaceStatus[];
  readonly latestRunId: string | undefined;
  /** Whether the log has told of the run. */
  hasRun(runId: string): boolean;
  /** Filters by subscription id, also of sockets that broke, so that they can be restored. */
  subscribe(filter: EventFilter): string;
  unsubscribe(id: string): void;
  subscription(id: string): EventFilter | undefined;
}

export interface ThreadHub {
  /** The thread, made when it is new, and kept at least until `release` is called. */
  acquire(threadId: string): { readonly thread: ProtocolThread; readonly release: () => void };
  /** The thread when somebody has used it lately. */
  find(threadId: string): ProtocolThread | undefined;
  /** Aborts when the server stops: open streams end then. */
  readonly closing: AbortSignal;
  close(): void;
}

interface Entry {
  readonly thread: ProtocolThread;
  users: number;
  timer: NodeJS.Timeout | undefined;
}

export interface ThreadHubOptions {
  readonly clock: Clock;
  readonly maxTotalChars?: number;
}

export function createThreadHub({ clock, maxTotalChars = MAX_TOTAL_CHARS }: ThreadHubOptions): ThreadHub {
  /** Least lately used first. */
  const entries = new Map<string, Entry>();
  const closing = new AbortController();
  let totalChars = 0;

  const drop = (threadId: string): void => {
    const entry = entries.get(threadId);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    entries.delete(threadId);
    entry.thread.log.clear();
  };
  /** Never at the expense of the thread that grows: its readers have not seen the newest event yet. */
  const makeRoom = (growing: string): void => {
    for (const [threadId, entry] of entries) {
      if (totalChars <= maxTotalChars && entries.size <= MAX_THREADS) return;
      if (threadId === growing) continue;
      if (entry.users === 0) drop(threadId);
      else if (totalChars > maxTotalChars) entry.thread.log.clear();
    }
  };
  const onSize = (threadId: string, change: number): void => {
    totalChars += change;
    if (change > 0 && totalChars > maxTotalChars) makeRoom(threadId);
  };

  return {
    acquire(threadId) {
      const entry = entries.get(threadId) ?? {
        thread: createProtocolThread(threadId, clock, (change) => onSize(threadId, change)),
        users: 0,
        timer: undefined,
      };
      entries.delete(threadId);
      entries.set(threadId, entry);
      entry.users += 1;
      clearTimeout(entry.timer);
      makeRoom(threadId);
      let isReleased = false;
      return {
        thread: entry.thread,
        release() {
          if (isReleased) return;
          isReleased = true;
          entry.users -= 1;
          if (entry.users > 0 || entries.get(threadId) !== entry) return;
          entry.timer = setTimeout(() => drop(threadId), KEEP_MS).unref();
        },
      };
    },
    find: (threadId) => entries.get(threadId)?.thread,
    closing: closing.signal,
    close() {
      closing.abort(new Error("the server stops"));
      for (const threadId of entries.keys()) drop(threadId);
    },
  };
}

function createProtocolThread(threadId: string, clock: Clock, onSize: (change: number) => void): ProtocolThread {
  const log = createThreadLog(onSize);
  // Taken from the clock, in steps far smaller than it ticks: so they also rise across restarts, without being stored.
  let lastSeq = clock.now() * 1_000;
  const runIds = new Set<string>();
  let latestRunId: string | undefined;
  const namespaces = new Map<string, NamespaceStatus>();
  const subscriptions = new Map<string, EventFilter>();

  const remember = (data: unknown, namespace: readonly string[]): void => {
    // The library's and our own life-cycle data.
    const { event, graph_name: graphName } = data as { event: string; graph_name?: string };
    if (namespace.length === 0 && event === "running") namespaces.clear();
    if (namespaces.size >= MAX_NAMESPACES) return;
    namespaces.set(namespace.join("\0"), { namespace, status: event, graphName: graphName ?? "" });
  };

  return {
    threadId,
    log,
    get lastSeq() {
      return lastSeq;
    },
    get latestRunId() {
      return latestRunId;
    },
    hasRun: (runId) => runIds.has(runId),
    get namespaces() {
      return [...namespaces.values()];
    },
    emit({ method, params }, runId) {
      const address = addressOf({ method, params });
      if (address === undefined) return;
      lastSeq = Math.max(lastSeq + 1, clock.now() * 1_000);
      const eventId = runId === undefined ? String(lastSeq) : `synth:${runId}:${lastSeq}`;
      if (method === "lifecycle") remember(params.data, params.namespace);
      if (runId !== undefined) {
        latestRunId = runId;
        addBounded(runIds, runId);
      }
      const json = serialize({ type: "event", event_id: eventId, seq: lastSeq, method, params });
      log.append({ ...address, seq: lastSeq, eventId, method, json });
    },
    subscribe(filter) {
      const oldest = subscriptions.keys().next();
      if (subscriptions.size >= MAX_SUBSCRIPTIONS && oldest.done !== true) subscriptions.delete(oldest.value);
      const id = newUuid();
      subscriptions.set(id, filter);
      return id;
    },
    unsubscribe: (id) => {
      subscriptions.delete(id);
    },
    subscription: (id) => subscriptions.get(id),
  };
}

function addBounded(runIds: Set<string>, runId: string): void {
  runIds.add(runId);
  const oldest = runIds.keys().next();
  if (runIds.size > MAX_RUNS && oldest.done !== true) runIds.delete(oldest.value);
}
