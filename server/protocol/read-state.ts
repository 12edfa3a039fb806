import type { StateSnapshot } from "@langchain/langgraph";

import type { ServedGraph } from "../graph-loader.ts";
import { GetTreeParams, ListCheckpointsParams, StateGetParams } from "../schemas/protocol.ts";
import { graphOfThread } from "../thread-states.ts";
import { toWireCheckpoint } from "../wire/checkpoint-ref.ts";
import type { CommandHandler, CommandTarget, ProtocolContext } from "./command-context.ts";
import { ProtocolError, readParams } from "./protocol-error.ts";
import type { NamespaceStatus } from "./protocol-thread.ts";

/** `state.get`: the values of a graph or of one of its subgraphs. A thread nobody has run on yet has none. */
export const getState: CommandHandler = async (context, target, params) => {
  const { namespace, keys } = readParams(StateGetParams, params);
  const path = namespace ?? [];
  const graph = await graphOf(context, target);
  const snapshot = graph === undefined ? undefined : await readNamespace(graph, target.thread.threadId, path);
  if (snapshot?.createdAt === undefined) {
    if (path.length > 0) throw noSuchNamespace(path);
    return { values: {} };
  }
  // The state of a graph is an object, or whatever a functional one keeps.
  const values: unknown = snapshot.values ?? {};
  const checkpoint = toWireCheckpoint(snapshot.config);
  return {
    values:
      keys == null || typeof values !== "object" || values === null
        ? values
        : Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key))),
    ...(checkpoint?.checkpoint_id == null
      ? {}
      : { checkpoint: { id: checkpoint.checkpoint_id, ns: checkpoint.checkpoint_ns } }),
  };
};

/** `state.listCheckpoints`: newest first. */
export const listCheckpoints: CommandHandler = async (context, target, params) => {
  const { namespace, limit, before } = readParams(ListCheckpointsParams, params);
  const graph = await graphOf(context, target);
  const checkpoints: Record<string, unknown>[] = [];
  if (graph === undefined) return { checkpoints };
  const configurable = { thread_id: target.thread.threadId, checkpoint_ns: (namespace ?? []).join("|") };
  const history = graph.getStateHistory(
    { configurable },
    { limit: limit ?? 10, ...(before == null ? {} : { before: { configurable: { checkpoint_id: before } } }) },
  );
  for await (const { config, createdAt, metadata, next } of history) {
    checkpoints.push({
      id: toWireCheckpoint(config)?.checkpoint_id ?? "",
      timestamp: createdAt ?? "",
      step: metadata?.step ?? 0,
      ...(next[0] === undefined ? {} : { node_name: next[0] }),
      metadata: metadata ?? {},
    });
  }
  return { checkpoints };
};

/** `agent.getTree`: the namespaces of the latest run and how they stand. */
export const getTree: CommandHandler = async ({ store }, { thread }, params) => {
  const { run_id: runId } = readParams(GetTreeParams, params);
  if (runId != null && runId !== thread.latestRunId) {
    const run = await store.runs.get(runId);
    if (run?.threadId !== thread.threadId) throw new ProtocolError("no_such_run", `the thread has no run ${runId}`);
    throw new ProtocolError("not_supported", `run ${runId} is not the latest run; its tree is no longer kept`);
  }
  const [root, ...rest] = thread.namespaces;
  if (root?.namespace.length === 0) return { tree: toTree(root, rest) };
  const stored = await store.threads.get(thread.threadId);
  const status = stored === undefined ? "started" : STATUS[stored.status];
  const graphId = stored?.metadata["graph_id"];
  return { tree: { namespace: [], status, graph_name: typeof graphId === "string" ? graphId : "" } };
};

const STATUS = { idle: "completed", busy: "running", interrupted: "interrupted", error: "failed" } as const;

function toTree(node: NamespaceStatus, below: readonly NamespaceStatus[]): Record<string, unknown> {
  const depth = node.namespace.length;
  const inside = below.filter(
    ({ namespace }) => namespace.length > depth && node.namespace.every((part, index) => namespace[index] === part),
  );
  const children = inside
    .filter(({ namespace }) => namespace.length === depth + 1)
    .map((child) => toTree(child, inside));
  return {
    namespace: node.namespace,
    status: node.status,
    graph_name: node.graphName,
    ...(children.length === 0 ? {} : { children }),
  };
}

async function graphOf(context: ProtocolContext, { thread }: CommandTarget): Promise<ServedGraph | undefined> {
  const stored = await context.store.threads.get(thread.threadId);
  return stored === undefined ? undefined : graphOfThread(context, stored);
}

async function readNamespace(
  graph: ServedGraph,
  threadId: string,
  namespace: readonly string[],
): Promise<StateSnapshot | undefined> {
  try {
    return await graph.getState({ configurable: { thread_id: threadId, checkpoint_ns: namespace.join("|") } });
  } catch (error) {
    // What LangGraph throws when the graph has no such subgraph.
    if (namespace.length > 0) throw noSuchNamespace(namespace);
    throw error;
  }
}

function noSuchNamespace(namespace: readonly string[]): ProtocolError {
  return new ProtocolError("no_such_namespace", `the thread has no state at ${JSON.stringify(namespace)}`);
}
