import { MemorySaver, type BaseCheckpointSaver, type BaseStore } from "@langchain/langgraph-checkpoint";

import { ServiceError, errorMessage } from "../../lib/errors.ts";
import type { ServedGraph } from "../graph-loader.ts";
import type { GraphRegistry } from "../graph-registry.ts";

/** Graphs with the service's checkpointer and store in place of whatever they were compiled with. */
export interface BoundGraphs {
  /** For runs and state of a stored thread. */
  forThread(graphId: string, config: Readonly<Record<string, unknown>>): Promise<ServedGraph>;
  /** For a stateless run: its checkpoints live in memory and are dropped by `forget`. */
  forTemporary(graphId: string, config: Readonly<Record<string, unknown>>): Promise<ServedGraph>;
  /** Drops what a stateless run left behind. */
  forget(threadId: string): Promise<void>;
}

export interface BoundGraphsOptions {
  readonly registry: GraphRegistry;
  readonly saver: BaseCheckpointSaver;
  /** What nodes find as `config.store`. */
  readonly store: BaseStore;
}

export function createBoundGraphs({ registry, saver, store }: BoundGraphsOptions): BoundGraphs {
  const memory = new MemorySaver();
  // By graph and not by id: a factory may give the same graph every time or another one for every config.
  const cache = new Map<BaseCheckpointSaver, WeakMap<ServedGraph, ServedGraph>>([
    [saver, new WeakMap()],
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
    forThread: (graphId, config) => load(graphId, config, saver),
    forTemporary: (graphId, config) => load(graphId, config, memory),
    forget: (threadId) => memory.deleteThread(threadId),
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
