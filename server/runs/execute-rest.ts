import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

import type { ServedGraph } from "../graph-loader.ts";
import type { Store } from "../store/store.ts";
import { serialize } from "../wire/serialize.ts";
import { hasStoredCheckpoints } from "./bound-graphs.ts";
import { planContinuation } from "./continue-run.ts";
import { type RunOutcome, executeRun } from "./execute-run.ts";
import type { LiveRun } from "./live-runs.ts";
import type { RunTap } from "./run-tap.ts";

export interface ExecuteRestOptions {
  readonly store: Pick<Store, "threads">;
  readonly saver: BaseCheckpointSaver;
  readonly tap: RunTap | undefined;
}

/** Executes all of a new run; of one that a former process began, what it had not done. Throws when a store does. */
export async function executeRest(
  live: LiveRun,
  graph: ServedGraph,
  { store, saver, tap }: ExecuteRestOptions,
): Promise<RunOutcome> {
  const { run, graphId, writer, abort } = live;
  const next =
    live.isRecovered && hasStoredCheckpoints(run.kwargs)
      ? await planContinuation({ run, graph, saver, thread: await store.threads.get(run.threadId) })
      : { run };
  if ("outcome" in next) {
    const shown = serialize({ __interrupt__: next.outcome.interrupts });
    for (const mode of ["updates", "values"] as const) {
      if (run.kwargs.stream_mode.includes(mode)) writer.append(mode, shown);
    }
    return next.outcome;
  }
  const attempt = run.attempt + 1;
  return executeRun({ run: { ...next.run, attempt }, graphId, graph, log: writer, signal: abort.signal, tap });
}
