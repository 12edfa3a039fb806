import type { Clock } from "../../lib/clock.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { type ReplicaBus, type ReplicaListener, SILENT_BUS } from "../replicas/bus.ts";
import type { ThreadEventStore } from "../store/thread-events.ts";
import type { ProtocolThread } from "./protocol-thread.ts";

/** How often a process that has readers looks for events that it was not told of. */
const POLL_MS = 2_000;
/** Every so many times it is also seen to runs whose process has died without a word. */
const QUIET_POLLS = 5;
/** Threads looked up in one statement. */
const POLL_THREADS = 500;
/** How often the others are told that a thread is followed here, and how long they believe it. */
const ASK_MS = 60_000;
const BELIEVE_MS = 3 * ASK_MS;
/** Threads that are followed elsewhere. */
const MAX_FOLLOWED = 20_000;

export interface FollowReplicasOptions {
  /** What this process calls itself on the bus. */
  readonly selfId: string;
  readonly bus: ReplicaBus;
  readonly events: Pick<ThreadEventStore, "newest">;
  readonly clock: Clock;
  readonly log: Log;
  readonly find: (threadId: string) => { readonly thread: ProtocolThread; readonly readers: number } | undefined;
  /** Threads that have readers here. */
  readonly followed: () => readonly ProtocolThread[];
  /** Called now and then for a thread that has readers here. Must not throw. */
  readonly onQuiet: (thread: ProtocolThread) => Promise<void>;
  /** Aborts when the server stops. */
  readonly signal: AbortSignal;
}

export interface OtherReplicas {
  /** Says that the thread is followed here. */
  ask(threadId: string): void;
  /** Says that events are stored, if somebody follows the thread elsewhere. */
  tell(threadId: string, lastSeq: number): void;
  isFollowed(threadId: string): boolean;
}

const NOBODY: OtherReplicas = { ask: () => undefined, tell: () => undefined, isFollowed: () => false };

/**
 * Brings events of threads that have readers here from the processes that write them. A process tells only of threads that
 * others have said they follow, so a thread whose readers are all where its run is costs no messages; and what a message
 * that was lost would have said is found by looking.
 */
export function followReplicas(options: FollowReplicasOptions): OtherReplicas {
  const { selfId, bus, events, clock, log, find, followed, signal } = options;
  if (bus === SILENT_BUS) return NOBODY;
  /** Until when, by thread; those heard of least lately first. */
  const elsewhere = new Map<string, number>();
  const askedAt = new WeakMap<ProtocolThread, number>();

  const isFollowed = (threadId: string): boolean => (elsewhere.get(threadId) ?? 0) > clock.now();
  const ask = (threadId: string): void => bus.send({ kind: "follow_thread", threadId, from: selfId });
  const catchUp = (thread: ProtocolThread): void => {
    thread.sync().catch((error: unknown) => log.warn({ reason: errorMessage(error) }, "events of a thread not read"));
  };
  const believe = (threadId: string): void => {
    elsewhere.delete(threadId);
    elsewhere.set(threadId, clock.now() + BELIEVE_MS);
    const oldest = elsewhere.keys().next();
    if (elsewhere.size > MAX_FOLLOWED && oldest.done !== true) elsewhere.delete(oldest.value);
  };

  const look = async (): Promise<void> => {
    const threads = followed();
    for (let from = 0; from < threads.length; from += POLL_THREADS) {
      const some = threads.slice(from, from + POLL_THREADS);
      const newest = await events.newest(some.map(({ threadId }) => threadId));
      for (const thread of some) {
        if ((newest.get(thread.threadId) ?? 0) > thread.shownSeq) catchUp(thread);
        if ((askedAt.get(thread) ?? -Infinity) + ASK_MS > clock.now()) continue;
        askedAt.set(thread, clock.now());
        ask(thread.threadId);
      }
    }
  };
  const lookNow = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      // A database that fails now may answer at the next turn.
      log.warn({ reason: errorMessage(error) }, "events of other replicas not looked for");
    }
  };

  const onMessage: ReplicaListener = (message) => {
    if (message.kind === "missed") void lookNow();
    else if (message.kind === "thread_events") {
      const entry = find(message.threadId);
      // One's own messages come, too.
      if (entry !== undefined && entry.readers > 0 && message.lastSeq > entry.thread.shownSeq) catchUp(entry.thread);
    } else if (message.kind === "follow_thread" && message.from !== selfId) {
      believe(message.threadId);
      // What was stored while the message was under way was told to nobody.
      const lastSeq = find(message.threadId)?.thread.shownSeq ?? 0;
      if (lastSeq > 0) bus.send({ kind: "thread_events", threadId: message.threadId, lastSeq });
    }
  };

  const stopListening = bus.listen(onMessage);
  signal.addEventListener("abort", stopListening, { once: true });
  const loop = async (): Promise<void> => {
    for (let polls = 1; ; polls += 1) {
      await clock.sleep(POLL_MS, signal);
      await lookNow();
      if (polls % QUIET_POLLS === 0) for (const thread of followed()) await options.onQuiet(thread);
    }
  };
  loop().catch(() => undefined); // Ended by the signal.

  return {
    ask,
    isFollowed,
    tell(threadId, lastSeq) {
      if (isFollowed(threadId)) bus.send({ kind: "thread_events", threadId, lastSeq });
    },
  };
}
