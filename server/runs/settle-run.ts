import type { Clock } from "../../lib/clock.ts";
import type { ServedGraph } from "../graph-loader.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { Store, StoreTables } from "../store/store.ts";
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
}

/**
 * Stores how a run ended, run and thread in one commit, and writes the last event of its log. Only then do readers see
 * the end, so that whoever reads the thread after the stream finds the final state.
 */
export async function settleRun(
  live: LiveRun,
  outcome: RunOutcome & { readonly graph?: ServedGraph },
  { store, checkpointer, bound, clock }: SettleContext,
): Promise<RunResult> {
  const { run } = live;
  const hasStarted = live.status !== "pending";
  const isRolledBack = live.stopReason === "rollback";
  const event = toRunEvent(live, outcome);
  const error = live.stopReason === "timeout" ? TIMEOUT : outcome.error;
  live.status = nextStatus(live.status, event);

  if (run.isTemporary) {
    await store.runs.delete(run.runId);
    await bound.forget(run.threadId);
  } else {
    if (isRolledBack) await checkpointer.deleteRun(run.threadId, run.runId);
    const outcomeOfThread = hasStarted
      ? await toThreadOutcome(event, outcome, { threadId: run.threadId, error, isRolledBack })
      : undefined;
    await store.transaction(async (tables) => {
      if (isRolledBack) await tables.runs.delete(run.runId);
      else await tables.runs.setStatus(run.runId, live.status, run.attempt, clock.now());
      const settled = outcomeOfThread ?? (await unchangedOutcome(tables, run.threadId));
      // Asked inside the transaction: a run accepted a moment ago keeps the thread busy.
      const isFollowed = await isThreadBusy(tables, run.threadId, run.runId);
      await tables.threads.setOutcome(
        run.threadId,
        { ...settled, status: isFollowed ? "busy" : settled.status },
        clock.now(),
      );
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

async function toThreadOutcome(
  event: keyof typeof THREAD_STATUS,
  outcome: RunOutcome & { readonly graph?: ServedGraph },
  {
    threadId,
    error,
    isRolledBack,
  }: { readonly threadId: string; readonly error: unknown; readonly isRolledBack: boolean },
): Promise<ThreadOutcome> {
  const { stateJson, graph } = outcome;
  // A run that succeeded shows its state itself and leaves nothing pending; others need a second look, because only the
  // checkpoints know which interrupts still wait for an answer.
  const isReadAgain = graph !== undefined && (isRolledBack || event !== "succeed");
  const raised = event === "interrupt" ? outcome.interrupts : undefined;
  const snapshot = isReadAgain ? await readSnapshot(threadId, graph, raised) : {};
  const hasInterrupts = Object.keys(snapshot.interrupts ?? {}).length > 0;
  return {
    status: event === "cancel" && hasInterrupts ? "interrupted" : THREAD_STATUS[event],
    interrupts: {},
    error: error ?? null,
    ...(stateJson === undefined ? {} : { valuesJson: stateJson }),
    ...snapshot,
  };
}

/** A run that never started leaves its thread as it was before. */
async function unchangedOutcome(tables: StoreTables, threadId: string): Promise<ThreadOutcome> {
  const thread = await tables.threads.get(threadId);
  if (thread !== undefined && Object.keys(thread.interrupts).length > 0) return { status: "interrupted" };
  return { status: thread?.error == null ? "idle" : "error" };
}

/** Whether a run other than `runId` is under way on the thread or waits for its turn. */
export async function isThreadBusy(tables: StoreTables, threadId: string, runId: string): Promise<boolean> {
  return (await tables.runs.unfinishedOfThread(threadId)).some((run) => run.runId !== runId);
}

/**
 * Values and pending interrupts of the thread as its checkpoints have them. `raised` narrows the interrupts to those the
 * run ended with: LangGraph still lists the answered ones of a step that is not complete.
 */
export async function readSnapshot(
  threadId: string,
  graph: ServedGraph,
  raised?: readonly unknown[],
): Promise<Pick<ThreadOutcome, "valuesJson" | "interrupts">> {
  const { values, tasks } = await graph.getState({ configurable: { thread_id: threadId } });
  const ids = raised?.map(interruptId);
  const pending = tasks.map(({ id, interrupts }): [string, readonly unknown[]] => [
    id,
    interrupts.filter((interrupt) => ids?.includes(interruptId(interrupt)) ?? true),
  ]);
  return {
    valuesJson: serialize(values ?? {}),
    // Interrupts are lists of `{id, value}` and stay so as JSON.
    interrupts: toJson(Object.fromEntries(pending.filter(([, interrupts]) => interrupts.length > 0))) as Record<
      string,
      unknown[]
    >,
  };
}

function interruptId(interrupt: unknown): unknown {
  return (interrupt as { id?: unknown } | null)?.id;
}

function toBody({ stateJson = "{}", interrupts }: RunOutcome, event: RunEvent, error: unknown): string {
  if (error !== undefined) return serialize({ __error__: error });
  if (event !== "interrupt") return stateJson;
  const raised = `"__interrupt__":${serialize(interrupts)}}`;
  if (!stateJson.startsWith("{") || stateJson === "{}") return `{${raised}`;
  return `${stateJson.slice(0, -1)},${raised}`;
}
