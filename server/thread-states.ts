import type { RunnableConfig } from "@langchain/core/runnables";
import type { StateSnapshot } from "@langchain/langgraph";
import type { z } from "zod";

import type { Clock } from "../lib/clock.ts";
import { ServiceError, errorMessage } from "../lib/errors.ts";
import type { ServedGraph } from "./graph-loader.ts";
import type { GraphRegistry } from "./graph-registry.ts";
import { type BoundGraphs, loadForReading } from "./runs/bound-graphs.ts";
import { toGraphInput } from "./runs/run-input.ts";
import type { ThreadCreate } from "./schemas/thread.ts";
import { toStorageError } from "./store/storage-error.ts";
import type { Store } from "./store/store.ts";
import type { Thread } from "./store/threads.ts";
import { serialize, toJson } from "./wire/serialize.ts";

export interface StateContext {
  readonly store: Store;
  readonly graphs: GraphRegistry;
  readonly bound: BoundGraphs;
  readonly clock: Clock;
}

type Superstep = NonNullable<z.infer<typeof ThreadCreate>["supersteps"]>[number];

/** The graph that wrote the thread; undefined when none has and none is named. Throws `conflict` when it is not served. */
export async function graphOfThread(
  { graphs, bound }: StateContext,
  { metadata, config }: Thread,
): Promise<ServedGraph | undefined> {
  const graphId = metadata["graph_id"];
  if (typeof graphId !== "string") return undefined;
  if (!graphs.has(graphId)) {
    const served = graphs.graphIds.join(", ");
    throw new ServiceError(
      "conflict",
      `the thread belongs to graph "${graphId}", which is not served; graphs are ${served}`,
    );
  }
  return loadForReading(bound, graphId, config);
}

/** Writes values into the state, as if `asNode` had. Gives the config of the new checkpoint. */
export function updateState(
  context: StateContext,
  thread: Thread,
  { configurable, values, asNode }: { configurable: Record<string, unknown>; values: unknown; asNode?: string },
): Promise<RunnableConfig> {
  const updates = Array.isArray(values) ? values : [values];
  return write(
    context,
    thread,
    configurable,
    updates.map((item) => ({ updates: [{ values: item ?? null, asNode }] })),
  );
}

/** Builds the state of a new thread from updates, one superstep after the other. */
export async function applySupersteps(
  context: StateContext,
  thread: Thread,
  supersteps: readonly Superstep[],
): Promise<void> {
  await write(
    context,
    thread,
    {},
    supersteps.map(({ updates }) => ({
      updates: updates.map(({ values, command, as_node: asNode }) => ({
        values: command == null ? values : toGraphInput({ input: null, command }),
        asNode: asNode ?? undefined,
      })),
    })),
  );
}

async function write(
  context: StateContext,
  thread: Thread,
  configurable: Record<string, unknown>,
  supersteps: { updates: { values: unknown; asNode?: string }[] }[],
): Promise<RunnableConfig> {
  if (thread.status === "busy") {
    throw new ServiceError("conflict", "the thread is busy; wait for its run to end before changing its state");
  }
  const graph = await graphOfThread(context, thread);
  if (graph === undefined) {
    throw new ServiceError(
      "conflict",
      "the thread has no graph yet: start a run on it, or create it with graph_id in its metadata",
    );
  }
  const config = { configurable: { ...configurable, thread_id: thread.threadId } };
  let written: RunnableConfig;
  try {
    written = await graph.bulkUpdateState(config, supersteps);
  } catch (error) {
    const translated = toStorageError(error, "of checkpoints");
    if (translated instanceof ServiceError) throw translated;
    // What the graph cannot take is the caller's to mend: an unknown node, an ambiguous update, a bad message.
    throw new ServiceError("invalid_input", `the graph refused the update: ${errorMessage(error)}`, { cause: error });
  }
  await rememberState(context, thread, await graph.getState({ configurable: { thread_id: thread.threadId } }));
  return written;
}

async function rememberState({ store, clock }: StateContext, thread: Thread, snapshot: StateSnapshot): Promise<void> {
  const withInterrupts = snapshot.tasks.filter((task) => task.interrupts.length > 0);
  const isSettled = thread.status === "interrupted" && snapshot.next.length === 0;
  await store.threads.setOutcome(
    thread.threadId,
    {
      status: withInterrupts.length > 0 ? "interrupted" : isSettled ? "idle" : thread.status,
      valuesJson: serialize(snapshot.values ?? {}),
      // Interrupts are lists of `{id, value}` and stay so as JSON.
      interrupts: Object.fromEntries(withInterrupts.map((task) => [task.id, toJson(task.interrupts) as unknown[]])),
    },
    clock.now(),
  );
}
