import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

/** Resolves when the events that a run has sent so far are stored. */
export type EventGate = () => Promise<void>;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * A saver that writes nothing of a run before the events which led there are stored. Otherwise a process that dies between
 * the two would go on behind them: the run from its checkpoint, and its readers without the events of the step before.
 * Runs without a gate are not held up.
 */
export function gateSaver(saver: BaseCheckpointSaver, gates: ReadonlyMap<string, EventGate>): BaseCheckpointSaver {
  const pass = async (config: { readonly metadata?: unknown }): Promise<void> => {
    const runId = (config.metadata as { readonly run_id?: unknown } | undefined)?.run_id;
    const gate = typeof runId === "string" ? gates.get(runId) : undefined;
    if (gate === undefined) return;
    // The graph has written its events to a stream; whoever reads that has them by the next turn.
    await nextTurn();
    await gate();
  };
  const put: BaseCheckpointSaver["put"] = async (config, ...rest) => {
    if (gates.size > 0) await pass(config);
    return saver.put(config, ...rest);
  };
  const putWrites: BaseCheckpointSaver["putWrites"] = async (config, ...rest) => {
    if (gates.size > 0) await pass(config);
    return saver.putWrites(config, ...rest);
  };
  return new Proxy(saver, {
    get(target, key) {
      if (key === "put") return put;
      if (key === "putWrites") return putWrites;
      const value: unknown = Reflect.get(target, key, target);
      // Bound, because a saver may have private fields that a proxy cannot reach.
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
