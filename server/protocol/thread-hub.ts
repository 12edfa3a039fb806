import type { Clock } from "../../lib/clock.ts";
import { newUuid } from "../../lib/ids.ts";
import type { Log } from "../../lib/log.ts";
import { type ReplicaBus, SILENT_BUS } from "../replicas/bus.ts";
import type { Run } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { createProtocolThread, type ProtocolThread } from "./protocol-thread.ts";
import { followReplicas } from "./follow-replicas.ts";
import { tellForgottenEnd } from "./watch-runs.ts";

/** How long the events of a thread without run and reader are kept for those who come back, here and in the database. */
export const KEEP_MS = 120_000;
/** Events of all threads together; the threads that were used least lately lose theirs first. */
const MAX_TOTAL_CHARS = 256 * 1024 * 1024;
const MAX_THREADS = 20_000;

export interface ThreadLease {
  readonly thread: ProtocolThread;
  readonly release: () => void;
}

export interface ThreadHub {
  /** The thread, made when it is new, and kept at least until `release` is called. */
  acquire(threadId: string): ThreadLease;
  /**
   * The same for somebody who reads its log until the release: once `ready` resolves everything stored is in it, and what
   * other processes add comes by itself. `ready` rejects with `storage_failed`.
   */
  follow(threadId: string): ThreadLease & { readonly ready: Promise<void> };
  /** The thread when somebody has used it here lately. */
  find(threadId: string): ProtocolThread | undefined;
  /** Whether somebody has used the thread here lately, or follows it at another process. */
  isUsed(threadId: string): boolean;
  /** Whether other processes may write to the threads. */
  readonly isShared: boolean;
  /** A run as it is stored, whoever asks. */
  findRun(runId: string): Promise<Run | undefined>;
  /** Runs of the thread that some process executes. */
  runningRuns(threadId: string): Promise<readonly Run[]>;
  /** Aborts when the server stops: open streams end then. */
  readonly closing: AbortSignal;
  /** Resolves when everything emitted is stored. */
  close(): Promise<void>;
}

interface Entry {
  readonly thread: ProtocolThread;
  users: number;
  /** Those of the users who read. */
  readers: number;
  timer: NodeJS.Timeout | undefined;
}

export interface ThreadHubOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, "threadEvents" | "runs">;
  /** To other processes on the same database. */
  readonly bus?: ReplicaBus;
  readonly maxTotalChars?: number;
}

export function createThreadHub(options: ThreadHubOptions): ThreadHub {
  const { clock, log, store, bus = SILENT_BUS, maxTotalChars = MAX_TOTAL_CHARS } = options;
  const events = store.threadEvents;
  /** Least lately used first. */
  const entries = new Map<string, Entry>();
  const closing = new AbortController();
  const isShared = bus !== SILENT_BUS;
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

  const others = followReplicas({
    selfId: newUuid(),
    bus,
    events,
    clock,
    log,
    signal: closing.signal,
    find: (threadId) => entries.get(threadId),
    onQuiet: (thread) => tellForgottenEnd(thread, { hub, clock }),
    followed: () => [...entries.values()].filter(({ readers }) => readers > 0).map(({ thread }) => thread),
  });

  const create = (threadId: string): Entry => ({
    thread: createProtocolThread({
      threadId,
      clock,
      log,
      events,
      isShared,
      onSize: (change) => onSize(threadId, change),
      onStored: (lastSeq) => others.tell(threadId, lastSeq),
    }),
    users: 0,
    readers: 0,
    timer: undefined,
  });

  const acquire = (threadId: string, readers: 0 | 1): ThreadLease => {
    const entry = entries.get(threadId) ?? create(threadId);
    entries.delete(threadId);
    entries.set(threadId, entry);
    entry.users += 1;
    entry.readers += readers;
    clearTimeout(entry.timer);
    makeRoom(threadId);
    let isReleased = false;
    return {
      thread: entry.thread,
      release() {
        if (isReleased) return;
        isReleased = true;
        entry.users -= 1;
        entry.readers -= readers;
        if (entry.users > 0 || entries.get(threadId) !== entry) return;
        entry.timer = setTimeout(() => drop(threadId), KEEP_MS).unref();
      },
    };
  };

  const hub: ThreadHub = {
    acquire: (threadId) => acquire(threadId, 0),
    follow(threadId) {
      const lease = acquire(threadId, 1);
      // Before the log is read, so that nobody who adds to it in between keeps it to himself.
      others.ask(threadId);
      return { ...lease, ready: lease.thread.sync() };
    },
    find: (threadId) => entries.get(threadId)?.thread,
    isUsed: (threadId) => entries.has(threadId) || others.isFollowed(threadId),
    isShared,
    findRun: (runId) => store.runs.get(runId),
    runningRuns: async (threadId) =>
      (await store.runs.unfinishedOfThread(threadId)).filter(({ status }) => status === "running"),
    closing: closing.signal,
    async close() {
      closing.abort(new Error("the server stops"));
      await Promise.all([...entries.values()].map(({ thread }) => thread.flush()));
      for (const threadId of entries.keys()) drop(threadId);
    },
  };
  return hub;
}
