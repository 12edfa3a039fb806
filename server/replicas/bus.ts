/** What processes that share a database tell one another. Ids only: what is new stands in the database. */
export type ReplicaMessage =
  /** A run waits and nobody executes it. */
  | { readonly kind: "waiting" }
  /** Somebody wants the run stopped; the request is stored. */
  | { readonly kind: "stop"; readonly runId: string }
  /** The thread was deleted, and its runs with it. */
  | { readonly kind: "stop_thread"; readonly threadId: string }
  /** Somebody follows the run from another process: its events are to be stored. */
  | { readonly kind: "follow"; readonly runId: string }
  /** Further events of the run are stored, or its end is. */
  | { readonly kind: "events"; readonly runId: string }
  /** Further events of the thread are stored, up to this number. */
  | { readonly kind: "thread_events"; readonly threadId: string; readonly lastSeq: number }
  /** Somebody follows the thread at the process `from`: others are to tell of its events. Said again as long as it holds. */
  | { readonly kind: "follow_thread"; readonly threadId: string; readonly from: string };

/** `missed` after a time in which messages may have been lost: whatever one waits for may have happened. */
export type ReplicaListener = (message: ReplicaMessage | { readonly kind: "missed" }) => void;

/**
 * Carries messages to the other processes. One may be lost, so whoever waits for something also looks for itself now and
 * then; a message only makes it sooner.
 */
export interface ReplicaBus {
  /** Never throws and never holds up the caller. The sender gets its own messages, too. */
  send(message: ReplicaMessage): void;
  /** Returns how to stop listening. Listeners must not throw. */
  listen(listener: ReplicaListener): () => void;
}

/** For a process that has its store to itself: nobody else is there to be told, and it knows itself. */
export const SILENT_BUS: ReplicaBus = { send: () => undefined, listen: () => () => undefined };
