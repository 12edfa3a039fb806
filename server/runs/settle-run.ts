import type { Clock } from "../../lib/clock.ts";
import type { ServedGraph } from "../graph-loader.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Store } from "../store/store.ts";
import type { ThreadOutcome } from "../store/threads.ts";
import { serialize, toJson } from "../wire/serialize.ts";
import type { BoundGraphs } from "./bound-graphs.ts";
import type { RunOutcome } from "./execute-run.ts";
import type { LiveRun, RunResult } from "./live-runs.ts";
import { type RunEvent, nextStatus } from "./run-status.ts";

export interface SettleContext {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  readonly bound: BoundGraphs;
  readonly clock: Clock;
  /** Further runs of the thread wait behind this one. */
  readonly hasSuccessors: boolean;
}

/**
 * Stores how a run ended, run and thread in one commit, and writes the last event of its log. Only then do readers see
 * the end, so that whoever reads the thread after the stream finds the final state.
 */
export async function settleRun(
  live: LiveRun,
  outcome: RunOutcome & { readonly graph?: ServedGraph },
  { store, checkpointer, bound, clock, hasSuccessors }: SettleContext,
): Promise<RunResult> {
  const { run } = live;
  const event = toRunEvent(live, outcome);
  const error = live.stopReason === "timeout" ? TIMEOUT : outcome.error;
  live.status = nextStatus(live.status, event);

  if (run.isTemporary) {
    await store.runs.delete(run.runId);
    await bound.forget(run.threadId);
  } else if (live.stopReason === "rollback") {
    await checkpointer.deleteRun(run.threadId, run.runId);
    const snapshot = await readSnapshot(run.threadId, outcome.graph);
    await store.transaction(async (tables) => {
      await tables.runs.delete(run.runId);
      await tables.threads.setOutcome(
        run.threadId,
        { status: hasSuccessors ? "busy" : "idle", ...snapshot, error: null },
        clock.now(),
      );
    });
  } else {
    // Interrupts are listed by task, and only the state knows the tasks; other outcomes need no second look.
    const snapshot = event === "interrupt" ? await readSnapshot(run.threadId, outcome.graph) : {};
    const thread: ThreadOutcome = {
      status: hasSuccessors ? "busy" : THREAD_STATUS[event],
      interrupts: {},
      error: error ?? null,
      ...(outcome.stateJson === undefined ? {} : { valuesJson: outcome.stateJson }),
      ...snapshot,
    };
    await store.transaction(async (tables) => {
      await tables.runs.setStatus(run.runId, live.status, run.attempt, clock.now());
      await tables.threads.setOutcome(run.threadId, thread, clock.now());
    });
  }

  if (error !== undefined) live.log.append("error", serialize(error));
  else live.log.append("end", "null");
  return { status: live.status, body: toBody(outcome, event, error) };
}

const TIMEOUT = { error: "RunTimeout", message: "the run took longer than the server allows (RUN_TIMEOUT_MS)" };

const THREAD_STATUS = {
  succeed: "idle",
  interrupt: "interrupted",
  cancel: "idle",
  fail: "error",
  expire: "error",
  abandon: "error",
} as const satisfies Partial<Record<RunEvent, ThreadOutcome["status"]>>;

function toRunEvent(live: LiveRun, outcome: RunOutcome): keyof typeof THREAD_STATUS {
  if (outcome.event !== "stop") return outcome.event;
  return live.stopReason === "timeout" ? "expire" : "cancel";
}

/** Values and pending interrupts of the thread as its checkpoints have them. */
async function readSnapshot(
  threadId: string,
  graph: ServedGraph | undefined,
): Promise<{ valuesJson?: string; interrupts?: Record<string, unknown[]> }> {
  if (graph === undefined) return {};
  const { values, tasks } = await graph.getState({ configurable: { thread_id: threadId } });
  const withInterrupts = tasks.filter((task) => task.interrupts.length > 0);
  return {
    valuesJson: serialize(values ?? {}),
    // Interrupts are lists of `{id, value}` and stay so as JSON.
    interrupts: Object.fromEntries(withInterrupts.map((task) => [task.id, toJson(task.interrupts) as unknown[]])),
  };
}

function toBody({ stateJson = "{}", interrupts }: RunOutcome, event: RunEvent, error: unknown): string {
  if (error !== undefined) return serialize({ __error__: error });
  if (event !== "interrupt") return stateJson;
  const raised = `"__interrupt__":${serialize(interrupts)}}`;
  if (!stateJson.startsWith("{") || stateJson === "{}") return `{${raised}`;
  return `${stateJson.slice(0, -1)},${raised}`;
}
