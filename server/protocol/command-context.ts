import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Access } from "../auth/access.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { BoundGraphs } from "../runs/bound-graphs.ts";
import type { RunManager } from "../runs/run-manager.ts";
import type { Store } from "../store/store.ts";
import type { ProtocolThread } from "./protocol-thread.ts";
import type { ThreadHub } from "./thread-hub.ts";

/** What commands work with. */
export interface ProtocolContext {
  readonly store: Store;
  readonly graphs: GraphRegistry;
  readonly bound: BoundGraphs;
  readonly runs: RunManager;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: ThreadHub;
}

/** The thread a command is for, and who sends it. */
export interface CommandTarget {
  readonly thread: ProtocolThread;
  /** Headers of the request, or of the one that opened the socket. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** What the connection may see; undefined where nobody is asked. */
  readonly access?: Access | undefined;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

export type CommandHandler = (
  context: ProtocolContext,
  target: CommandTarget,
  params: unknown,
) => Promise<Record<string, unknown>>;
