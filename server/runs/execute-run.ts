import type { ServedGraph } from "../graph-loader.ts";
import type { StreamMode } from "../schemas/run.ts";
import type { Run } from "../store/runs.ts";
import { serialize, serializeError } from "../wire/serialize.ts";
import type { EventWriter } from "./event-writer.ts";
import type { RunTap } from "./run-tap.ts";
import { toGraphConfig, toGraphInput } from "./run-input.ts";
import {
  type CallbackEvent,
  type GraphChunk,
  type LibraryMode,
  createMessageAssembler,
  planStream,
  toWireEvent,
} from "./stream-events.ts";

const INTERRUPT = "__interrupt__";

/** How a run ended. `stateJson` is the last state as wire JSON; undefined when the graph showed none. */
export interface RunOutcome {
  readonly event: "succeed" | "interrupt" | "fail" | "stop";
  readonly stateJson: string | undefined;
  /** Values of all interrupts raised, in order. */
  readonly interrupts: readonly unknown[];
  readonly error?: { readonly error: string; readonly message: string };
}

export interface ExecuteRunOptions {
  readonly run: Run;
  readonly graphId: string;
  readonly graph: ServedGraph;
  readonly log: Pick<EventWriter, "append">;
  /** Aborted to stop the run; the outcome is then `stop`, whatever the graph made of it. */
  readonly signal: AbortSignal;
  /** Gets everything the graph streams, whatever modes the run asked for. */
  readonly tap?: RunTap | undefined;
}

/** What a tap needs besides the modes of the run: all that the thread-centric protocol has a channel for. */
const TAP_MODES = ["updates", "messages", "custom", "tasks", "tools"] as const satisfies readonly LibraryMode[];

/**
 * Runs the graph once and writes its events, `metadata` first, to the log. Never throws: a failure of the graph is the
 * outcome `fail`. The log is left open, because what follows the run (storing its outcome) comes before its end.
 */
export async function executeRun({ run, graphId, graph, log, signal, tap }: ExecuteRunOptions): Promise<RunOutcome> {
  const modes = new Set<StreamMode>(run.kwargs.stream_mode);
  const interrupts = new Map<string, unknown>();
  let state: unknown;
  let stateJson: string | undefined;
  let hasInterrupt = false;

  // The library has two forms of messages and writes one of them; a run that asked for the older one gets it.
  const hasProtocolMessages =
    tap !== undefined && !["messages", "messages-tuple", "events"].some((mode) => modes.has(mode as StreamMode));

  const hasNamespaces = run.kwargs.subgraphs || tap !== undefined;

  const onChunk = (chunk: GraphChunk): void => {
    if (tap !== undefined && (chunk.mode !== "messages" || hasProtocolMessages)) tap.onChunk(chunk);
    const isShown = tap === undefined || run.kwargs.subgraphs || chunk.namespace.length === 0;
    const wire = isShown ? toWireEvent(chunk, modes) : undefined;
    const json = wire === undefined ? undefined : serialize(wire.data);
    if (wire !== undefined && json !== undefined) log.append(wire.event, json);
    if (chunk.mode !== "values") return;
    const raised = raisedInterrupts(chunk.data);
    if (raised !== undefined) {
      hasInterrupt = true;
      for (const interrupt of raised) interrupts.set(interruptKey(interrupt, interrupts.size), interrupt);
    } else if (chunk.namespace.length === 0) {
      state = chunk.data;
      stateJson = json;
    }
  };

  const finish = (event: RunOutcome["event"], error?: RunOutcome["error"]): RunOutcome => ({
    event,
    stateJson: stateJson ?? (state === undefined ? undefined : serialize(state)),
    interrupts: [...interrupts.values()],
    ...(error === undefined ? {} : { error }),
  });

  try {
    const input = toGraphInput(run.kwargs);
    const { libraryModes, needsCallbackEvents } = planStream(run.kwargs.stream_mode);
    const config = {
      ...toGraphConfig(run, graphId),
      streamMode: tap === undefined ? libraryModes : [...new Set([...libraryModes, ...TAP_MODES])],
      subgraphs: hasNamespaces,
      ...(hasProtocolMessages ? { version: "v3" } : {}),
      signal,
    };
    if (needsCallbackEvents) {
      await streamWithCallbacks({ graph, input, config, run, modes, log, onChunk, hasNamespaces });
    } else {
      // The chunks have the shape that `subgraphs` and a list of modes ask for.
      const stream = (await graph.stream(input, config)) as AsyncIterable<unknown[]>;
      for await (const tuple of stream) onChunk(toChunk(tuple, hasNamespaces));
    }
    if (signal.aborted) return finish("stop");
    return finish(hasInterrupt ? "interrupt" : "succeed");
  } catch (error) {
    return signal.aborted ? finish("stop") : finish("fail", serializeError(error));
  }
}

interface CallbackStreamOptions {
  readonly graph: ServedGraph;
  readonly input: unknown;
  readonly config: Record<string, unknown>;
  readonly run: Run;
  readonly modes: ReadonlySet<StreamMode>;
  readonly log: Pick<EventWriter, "append">;
  readonly onChunk: (chunk: GraphChunk) => void;
  readonly hasNamespaces: boolean;
}

async function streamWithCallbacks(options: CallbackStreamOptions): Promise<void> {
  const { graph, input, config, run, modes, log, onChunk, hasNamespaces } = options;
  const assembler = createMessageAssembler();
  // Version 2 records; the declaration joins the shapes of all versions.
  const events = graph.streamEvents(input, { ...config, version: "v2" }) as unknown as AsyncIterable<CallbackEvent>;
  for await (const event of events) {
    if (event.tags?.includes("langsmith:hidden")) continue;
    if (event.event === "on_chain_stream" && event.run_id === run.runId) {
      const chunk = toChunk(event.data.chunk as unknown[], hasNamespaces);
      onChunk(chunk);
      if (modes.has("messages") && chunk.mode === "values" && chunk.namespace.length === 0) {
        for (const { event: name, data } of assembler.onValues(chunk.data)) log.append(name, serialize(data));
      }
      continue;
    }
    if (modes.has("events")) log.append("events", serialize(event));
    if (modes.has("messages") && event.event === "on_chat_model_stream") {
      for (const { event: name, data } of assembler.onModelChunk(event)) log.append(name, serialize(data));
    }
  }
}

/** LangGraph yields `[namespace, mode, data]` with subgraphs and `[mode, data]` without. */
function toChunk(tuple: readonly unknown[], hasNamespace: boolean): GraphChunk {
  const [namespace, mode, data] = hasNamespace ? tuple : [[], ...tuple];
  return { namespace: (namespace ?? []) as string[], mode: mode as LibraryMode, data };
}

function raisedInterrupts(data: unknown): readonly unknown[] | undefined {
  if (typeof data !== "object" || data === null || !(INTERRUPT in data)) return undefined;
  const raised = data[INTERRUPT];
  return Array.isArray(raised) ? raised : [];
}

/** A subgraph's interrupt is shown in its own namespace and again in its parent's; it counts once. */
function interruptKey(interrupt: unknown, position: number): string {
  const id: unknown = (interrupt as { id?: unknown } | null)?.id;
  return typeof id === "string" ? id : `#${position}`;
}
