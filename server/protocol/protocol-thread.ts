import type { AgentStatus } from "@langchain/langgraph";

import { newUuid } from "../../lib/ids.ts";
import type { EventFilter } from "./event-filter.ts";
import { type ThreadEvent, type ThreadLog, createThreadLog } from "./thread-log.ts";
import { type ThreadWriter, type ThreadWriterOptions, createThreadWriter } from "./thread-writer.ts";

/** Namespaces, subscriptions and runs remembered of one thread. */
const MAX_NAMESPACES = 10_000;
const MAX_SUBSCRIPTIONS = 1_000;
const MAX_RUNS = 1_000;

export interface NamespaceStatus {
  readonly namespace: readonly string[];
  readonly status: string;
  readonly graphName: string;
}

/** One thread as the protocol sees it, while somebody uses it and some time after. */
export interface ProtocolThread extends ThreadWriter {
  readonly threadId: string;
  /** What is shown: nothing before the first `sync`, unless this process writes to the thread. */
  readonly log: ThreadLog;
  /** What the latest run's namespaces are about, root first. */
  readonly namespaces: readonly NamespaceStatus[];
  readonly latestRunId: string | undefined;
  /** Whether the log has told of the run. */
  hasRun(runId: string): boolean;
  /** Whether the log has told how the run ended. */
  hasEnded(runId: string): boolean;
  /** Filters by subscription id, also of sockets that broke, so that they can be restored. */
  subscribe(filter: EventFilter): string;
  unsubscribe(id: string): void;
  subscription(id: string): EventFilter | undefined;
}

export interface ProtocolThreadOptions extends Omit<ThreadWriterOptions, "show" | "firstSeq"> {
  /** Told how many characters more (or less) are kept. */
  readonly onSize: (change: number) => void;
}

export function createProtocolThread(options: ProtocolThreadOptions): ProtocolThread {
  const log = createThreadLog(options.onSize);
  /** How each run stands, in the order in which they were first told of. */
  const runs = new Map<string, string>();
  let latestRunId: string | undefined;
  const namespaces = new Map<string, NamespaceStatus>();
  const subscriptions = new Map<string, EventFilter>();

  const remember = ({ json, eventId, namespace }: ThreadEvent): void => {
    // The library's and our own life-cycle data.
    const { params } = JSON.parse(json) as { params: { data: { event: string; graph_name?: string } } };
    const { event, graph_name: graphName } = params.data;
    const runId = RUN_EVENT_ID.exec(eventId)?.[1];
    if (runId !== undefined) {
      latestRunId = runId;
      addBounded(runs, runId, event, MAX_RUNS);
    }
    if (namespace.length === 0 && event === "running") namespaces.clear();
    if (namespaces.size >= MAX_NAMESPACES) return;
    namespaces.set(namespace.join("\0"), { namespace, status: event, graphName: graphName ?? "" });
  };
  const writer = createThreadWriter({
    ...options,
    firstSeq: () => log.firstSeq,
    show(event) {
      if (event.method === "lifecycle") remember(event);
      log.append(event);
    },
  });

  return {
    threadId: options.threadId,
    log,
    emit: (event, emitOptions) => writer.emit(event, emitOptions),
    flush: () => writer.flush(),
    sync: () => writer.sync(),
    get shownSeq() {
      return writer.shownSeq;
    },
    get lastSeq() {
      return writer.lastSeq;
    },
    get latestRunId() {
      return latestRunId;
    },
    hasRun: (runId) => runs.has(runId),
    hasEnded: (runId) => isEnd(runs.get(runId)),
    get namespaces() {
      return [...namespaces.values()];
    },
    subscribe(filter) {
      const id = newUuid();
      addBounded(subscriptions, id, filter, MAX_SUBSCRIPTIONS);
      return id;
    },
    unsubscribe: (id) => {
      subscriptions.delete(id);
    },
    subscription: (id) => subscriptions.get(id),
  };
}

/** Ids of the events that tell how a run stands; see `EmitOptions.runId`. */
const RUN_EVENT_ID = /^synth:(.+):\d+$/;

const ENDS: readonly AgentStatus[] = ["completed", "failed", "interrupted"];

function isEnd(status: string | undefined): boolean {
  return ENDS.some((end) => end === status);
}

function addBounded<Value>(map: Map<string, Value>, key: string, value: Value, limit: number): void {
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > limit && oldest.done !== true) map.delete(oldest.value);
}
