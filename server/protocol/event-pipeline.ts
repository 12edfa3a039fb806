import { type AgentStatus, type StreamTransformer, createLifecycleTransformer } from "@langchain/langgraph";
import { type ProtocolEvent, isStreamChannel } from "@langchain/langgraph/stream";

export type PipelineEvent = Pick<ProtocolEvent, "method" | "params">;

/** The library's transformers over the events of one run, without its log that keeps every event until the run ends. */
export interface EventPipeline {
  push(event: ProtocolEvent): void;
  /** Lets the transformers emit what they have left; `error` when the run failed. Never throws. */
  finish(status: AgentStatus, error: unknown): Promise<void>;
}

export interface EventPipelineOptions {
  readonly graphName: string;
  /** Transformers that the graph was compiled with. */
  readonly transformers: readonly (() => StreamTransformer)[];
  readonly emit: (event: PipelineEvent) => void;
  readonly now: () => number;
}

/** How long values that transformers promise for the end of the run are waited for. */
const FINAL_VALUES_MS = 5_000;

/**
 * Life-cycle events of all namespaces below the root, and whatever the graph's own transformers make. What they write to
 * their named channels becomes `custom` events of that name.
 */
export function createEventPipeline({ graphName, transformers, emit, now }: EventPipelineOptions): EventPipeline {
  let status: AgentStatus = "completed";
  let namespace: string[] = [];
  const stages: StreamTransformer[] = [];
  const finals: [name: string, value: PromiseLike<unknown>][] = [];
  const closers: ((error: unknown) => void)[] = [];

  const push = (event: ProtocolEvent): void => {
    const outer = namespace;
    namespace = event.params.namespace;
    let isKept = true;
    for (const stage of stages) if (!stage.process(event)) isKept = false;
    namespace = outer;
    if (isKept) emit(withNamedCustom(event));
  };
  const emitCustom = (name: string, payload: unknown): void =>
    emit({ method: "custom", params: { namespace, timestamp: now(), data: { name, payload } } });

  const add = (stage: StreamTransformer): void => {
    stages.push(stage);
    const projection = stage.init();
    stage.onRegister?.({ push: (_namespace, event) => push(event) });
    if (typeof projection !== "object" || projection === null) return;
    for (const [name, value] of Object.entries(projection)) {
      if (isStreamChannel(value)) {
        closers.push((error) => (error === undefined ? value._close() : value._fail(error)));
        const { channelName } = value;
        if (channelName !== undefined) value._wire((item) => emitCustom(channelName, item));
      } else if (isPromiseLike(value)) finals.push([name, value]);
    }
  };

  // The root's life cycle is ours to tell: it ends when the outcome is stored, not when the graph does.
  const lifecycle = createLifecycleTransformer({
    rootGraphName: graphName,
    emitRootOnRegister: false,
    getTerminalStatusOverride: async () => status,
  });
  stages.push(lifecycle);
  lifecycle.init();
  lifecycle.onRegister?.({ push: (_namespace, event) => push(event) });
  for (const create of transformers) add(create());

  return {
    push,
    async finish(end, error) {
      status = end;
      for (const stage of stages) {
        if (error === undefined) await attempt(() => stage.finalize?.());
        else await attempt(() => stage.fail?.(error));
      }
      for (const close of closers) await attempt(() => close(error));
      if (error !== undefined) return;
      await Promise.all(
        finals.map(([name, value]) => attempt(async () => emitCustom(name, await within(FINAL_VALUES_MS, value)))),
      );
    },
  };
}

/** Channels of transformers are methods of their own inside the library; clients know them as named custom events. */
function withNamedCustom({ method, params }: ProtocolEvent): PipelineEvent {
  if (!method.startsWith("custom:")) return { method, params };
  return {
    method: "custom",
    params: { ...params, data: { name: method.slice("custom:".length), payload: params.data } },
  };
}

/** A transformer that fails spoils its own output and nothing else. */
async function attempt(action: () => unknown): Promise<void> {
  try {
    await action();
  } catch {
    // It belongs to the graph; the run is over and its outcome stands.
  }
}

async function within<Value>(limitMs: number, value: PromiseLike<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no value within ${limitMs} ms`)), limitMs);
  try {
    return await Promise.race([value, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
