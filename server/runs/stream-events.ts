import type { BaseMessageChunk } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";

import type { StreamMode } from "../schemas/run.ts";
import { toWireCheckpoint, withoutInternals } from "../wire/checkpoint-ref.ts";

/** What LangGraph itself calls the modes. */
export type LibraryMode = Exclude<StreamMode, "events" | "messages-tuple">;

export interface StreamPlan {
  /** Modes to ask LangGraph for. `values` is always among them, because the outcome of the run is read from it. */
  readonly libraryModes: LibraryMode[];
  /** `events` and the older `messages` mode need every callback of the run, which is slower. */
  readonly needsCallbackEvents: boolean;
}

/** Nothing is computed that no reader asked for: above all not `debug` and `checkpoints`. */
export function planStream(modes: readonly StreamMode[]): StreamPlan {
  const libraryModes = new Set<LibraryMode>(["values"]);
  for (const mode of modes) {
    if (mode === "messages-tuple") libraryModes.add("messages");
    // The older `messages` mode is made from values and callbacks.
    else if (mode !== "events" && mode !== "messages") libraryModes.add(mode);
  }
  return {
    libraryModes: [...libraryModes],
    needsCallbackEvents: modes.includes("events") || modes.includes("messages"),
  };
}

export interface WireEvent {
  readonly event: string;
  readonly data: unknown;
}

/** One chunk of a graph's stream. The namespace is empty for the graph itself. */
export interface GraphChunk {
  readonly namespace: readonly string[];
  readonly mode: LibraryMode;
  readonly data: unknown;
}

/** The chunk as the wire shows it; undefined when no reader asked for its mode. */
export function toWireEvent(chunk: GraphChunk, modes: ReadonlySet<StreamMode>): WireEvent | undefined {
  const { namespace, mode, data } = chunk;
  const isWanted = mode === "messages" ? modes.has("messages-tuple") : modes.has(mode);
  if (!isWanted) return undefined;
  const shaped = shapeData(mode, data);
  if (shaped === undefined) return undefined;
  return { event: [mode, ...namespace].join("|"), data: shaped };
}

function shapeData(mode: LibraryMode, data: unknown): unknown {
  if (typeof data !== "object" || data === null) return data;
  // LangGraph's own records; only the fields named here are touched.
  const record = data as Record<string, unknown>;
  switch (mode) {
    case "checkpoints":
      // LangGraph also sends a bare envelope on this channel, which is not what readers of this mode expect.
      return "config" in record ? shapeCheckpoint(record) : undefined;
    case "tasks":
      return shapeTask(record);
    case "debug":
      if (record["type"] === "checkpoint") {
        return { ...record, payload: shapeCheckpoint(record["payload"] as Record<string, unknown>) };
      }
      return { ...record, payload: shapeTask(record["payload"] as Record<string, unknown>) };
    case "values":
    case "updates":
    case "messages":
    case "custom":
    case "tools":
      return data;
  }
}

function shapeCheckpoint(payload: Record<string, unknown>): unknown {
  const { parentConfig, config, tasks, ...rest } = payload;
  return {
    ...rest,
    config: withoutInternals(config),
    parent_config: withoutInternals(parentConfig) ?? null,
    // Configs of LangGraph, checked field by field by toWireCheckpoint.
    checkpoint: toWireCheckpoint(config as RunnableConfig),
    parent_checkpoint: toWireCheckpoint(parentConfig as RunnableConfig | undefined),
    tasks: Array.isArray(tasks) ? tasks.map(shapeTask) : [],
  };
}

/** A task of a subgraph names the namespace of that subgraph as a checkpoint instead of as a config. */
function shapeTask(task: Record<string, unknown>): Record<string, unknown> {
  const { state } = task;
  if (typeof state !== "object" || state === null || !("configurable" in state)) return task;
  const { state: _state, ...rest } = task;
  return { ...rest, checkpoint: toWireCheckpoint(state as RunnableConfig, { needsId: false }) };
}

/** A record of LangChain's event stream, version 2, as far as it is read here. */
export interface CallbackEvent {
  readonly event: string;
  readonly run_id: string;
  readonly tags?: readonly string[];
  readonly metadata?: unknown;
  readonly data: { readonly chunk?: unknown };
}

/**
 * The older `messages` mode: `messages/metadata` once a message, `messages/partial` with the message so far, and
 * `messages/complete` when a message has reached the state.
 */
export function createMessageAssembler(): {
  onModelChunk(event: CallbackEvent): WireEvent[];
  onValues(values: unknown): WireEvent[];
} {
  const partial = new Map<string, BaseMessageChunk>();
  const completed = new Set<string>();
  return {
    onModelChunk({ tags, metadata, data }) {
      if (tags?.includes("nostream") || tags?.includes("langsmith:nostream")) return [];
      // The chunk of an `on_chat_model_stream` event.
      const chunk = data.chunk as BaseMessageChunk | undefined;
      if (chunk?.id === undefined) return [];
      const before = partial.get(chunk.id);
      const message = before === undefined ? chunk : before.concat(chunk);
      partial.set(chunk.id, message);
      const events: WireEvent[] = [{ event: "messages/partial", data: [message] }];
      if (before === undefined) events.unshift({ event: "messages/metadata", data: { [chunk.id]: { metadata } } });
      return events;
    },
    onValues(values) {
      const messages = typeof values === "object" && values !== null && "messages" in values ? values.messages : [];
      const fresh = (Array.isArray(messages) ? messages : [messages]).filter((message): boolean => {
        const id: unknown = (message as { id?: unknown } | null)?.id;
        if (typeof id !== "string" || completed.has(id)) return false;
        completed.add(id);
        return true;
      });
      return fresh.length === 0 ? [] : [{ event: "messages/complete", data: fresh }];
    },
  };
}
