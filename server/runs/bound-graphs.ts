import { MemorySaver, type BaseCheckpointSaver, type BaseStore } from "@langchain/langgraph-checkpoint";

import { ServiceError, errorMessage } from "../../lib/errors.ts";
import type { ServedGraph } from "../graph-loader.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import { type EventGate, gateSaver } from "./gated-saver.ts";
import type { RunKwargs } from "./run-kwargs.ts";

/** Graphs with the service's checkpointer and store in place of whatever they were compiled with. */
export interface BoundGraphs {
  /** For runs and state of a stored thread. */
  forThread(graphId: string, config: Readonly<Record<string, unknown>>): Promise<ServedGraph>;
  /** For one run: its checkpoints are kept where `hasStoredCheckpoints` says. */
  forRun(graphId: string, kwargs: RunKwargs): Promise<ServedGraph>;
  /** Drops the checkpoints of a stateless run. */
  forget(threadId: string, kwargs: RunKwargs): Promise<void>;
  /** What a run sends is stored before what it checkpoints, as long as this is not undone. */
  gate(runId: string, gate: EventGate): () => void;
}

export interface BoundGraphsOptions {
  readonly registry: GraphRegistry;
  readonly saver: BaseCheckpointSaver;
  /** What nodes find as `config.store`. */
  readonly store: BaseStore;
}

/**
 * A stateless run keeps its checkpoints in memory and starts anew when its process dies, because storing them costs more
 * than most such runs do themselves. It is stored when the request asks for it: by a stream that can be resumed, or by
 * `durability: "sync"`.
 */
export function hasStoredCheckpoints({ temporary, resumable, durability }: RunKwargs): boolean {
  return !temporary || resumable || durability === "sync";
}

export function createBoundGraphs({ registry, saver, store }: BoundGraphsOptions): BoundGraphs {
  const memory = new MemorySaver();
  const gates = new Map<string, EventGate>();
  const gated = gateSaver(saver, gates);
  // By graph and not by id: a factory may give the same graph every time or another one for every config.
  const cache = new Map<BaseCheckpointSaver, WeakMap<ServedGraph, ServedGraph>>([
    [gated, new WeakMap()],
    [memory, new WeakMap()],
  ]);

  const load = async (
    graphId: string,
    config: Readonly<Record<string, unknown>>,
    checkpointer: BaseCheckpointSaver,
  ): Promise<ServedGraph> => {
    const graph = await registry.load(graphId, config);
    const known = cache.get(checkpointer)?.get(graph);
    if (known !== undefined) return known;
    const bound = bind(graph, checkpointer, store);
    cache.get(checkpointer)?.set(graph, bound);
    return bound;
  };

  return {
    forThread: (graphId, config) => load(graphId, config, gated),
    forRun: (graphId, kwargs) => load(graphId, { ...kwargs.config }, hasStoredCheckpoints(kwargs) ? gated : memory),
    forget: (threadId, kwargs) => (hasStoredCheckpoints(kwargs) ? saver : memory).deleteThread(threadId),
    gate(runId, gate) {
      gates.set(runId, gate);
      return () => gates.delete(runId);
    },
  };
}

/** The graph of a thread, to be looked at. Throws `invalid_input` when its factory makes none from this config. */
export async function loadForReading(
  bound: BoundGraphs,
  graphId: string,
  config: Readonly<Record<string, unknown>>,
): Promise<ServedGraph> {
  try {
    return await bound.forThread(graphId, config);
  } catch (error) {
    const reason = `graph "${graphId}" cannot be made from this config: ${errorMessage(error)}`;
    throw new ServiceError("invalid_input", reason, { cause: error });
  }
}

/** A copy, because the same graph is bound to two checkpointers and belongs to whoever compiled it. */
function bind(graph: ServedGraph, checkpointer: BaseCheckpointSaver, store: BaseStore): ServedGraph {
  const copy = graph.withConfig({});
  copy.checkpointer = checkpointer;
  copy.store = store;
  return copy;
}
