import { messagesStateReducer } from "@langchain/langgraph";
import {
  getConfigTypeSchema,
  getInputTypeSchema,
  getOutputTypeSchema,
  getStateTypeSchema,
} from "@langchain/langgraph/zod/schema";

import type { ServedGraph } from "./graph-loader.ts";

export interface GraphSchemas {
  readonly input: unknown;
  readonly output: unknown;
  readonly state: unknown;
  readonly config: unknown;
}

/**
 * JSON schemas of a graph. State declared with zod or `StateSchema` is described in full; for annotations LangGraph keeps
 * no types at run time, so only the names of the channels are known, and which of them holds messages.
 */
export function describeGraph(graph: ServedGraph): GraphSchemas {
  const channels = describeChannels(graph);
  return {
    input: attempt(() => getInputTypeSchema(graph)) ?? channels,
    output: attempt(() => getOutputTypeSchema(graph)) ?? channels,
    state: attempt(() => getStateTypeSchema(graph)) ?? channels,
    config: attempt(() => getConfigTypeSchema(graph)) ?? { type: "object", properties: {} },
  };
}

/** A type zod cannot write as JSON Schema must not hide the whole graph. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function describeChannels(graph: ServedGraph): unknown {
  const isInternal = (name: string): boolean => name.startsWith("__") || name.startsWith("branch:");
  const properties = Object.entries(graph.channels as Record<string, unknown>)
    .filter(([name]) => !isInternal(name))
    .map(([name, channel]): [string, unknown] => [name, isMessages(channel) ? MESSAGES : {}]);
  return { type: "object", properties: Object.fromEntries(properties) };
}

/** The mark by which Studio knows that a graph can be chatted with. */
const MESSAGES = { type: "array", items: { type: "object" }, langgraph_type: "messages" };

function isMessages(channel: unknown): boolean {
  if (typeof channel !== "object" || channel === null) return false;
  if ("operator" in channel && channel.operator === messagesStateReducer) return true;
  return "lc_graph_name" in channel && channel.lc_graph_name === "MessagesDelta";
}
