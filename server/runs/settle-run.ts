import type { Clock } from "../../lib/clock.ts";
import type { ServedGraph } from "../graph-loader.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import { RunLostError } from "../store/run-lost-error.ts";
import type { RunNotice } from "../store/run-ownership.ts";
import type { RunWebhook } from "../store/run-webhooks.ts";
import type { Run } from "../store/runs.ts";
import type { Store, StoreTables } from "../store/store.ts";
import type { ThreadOutcome } from "../store/threads.ts";
import { serialize, toJson } from "../wire/serialize.ts";
import { type BoundGraphs, hasStoredCheckpoints } from "./bound-graphs.ts";
import type { LastEvent } from "./event-writer.ts";
import type { RunOutcome } from "./execute-run.ts";
import type { LiveRun, RunResult } from "./live-runs.ts";
import { type RunEvent, nextStatus } from "./run-status.ts";
import { toWebhook } from "./webhook-outbox.ts";

export interface SettleContext {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  readonly bound: BoundGraphs;
  readonly clock: Clock;
}

type SettledOutcome = RunOutcome & { readonly graph?: ServedGraph };

export interface Settled {
  readonly result: RunResult;
  /** Stored with the outcome, and to be sent now. */
  readonly webhook: RunWebhook | undefined;
  /** A run of the same thread waits for a process to take it. */
  readonly hasSuccessor: boolean;
}

/**
 * Stores how a run ended in one commit: run, thread, webhook and the last event of a resumable stream. Only then do readers
 * see the end, so that whoever reads the thread after the stream finds the final state. A run whose outcome is stored is
 * never executed again; one whose outcome is not is, from its last checkpoint.
 */
export async function settleRun(live: LiveRun, outcome: SettledOutcome, context: SettleContext): Promise<Settled> {
  const { run, writer } = live;
  const event = toRunEvent(live, outcome);
  const status = nextStatus(live.status, event);
  const error = live.stopReason === "timeout" ? TIMEOUT : outcome.error;
  const result = { status, body: toBody(outcome, event, error) };
  const webhook = toWebhook(live, result, context.clock.now());
  const lastEvent = error === undefined ? END : { event: "error", dataJson: serialize(error) };

  await writer.flush();
  const ending: Ending = { live, event, result, error, outcome, webhook, lastEvent };
  const hasSuccessor = run.isTemporary ? await settleTemporary(ending, context) : await settleOnThread(ending, context);
  live.status = status;
  writer.reveal();
  return { result, webhook, hasSuccessor };
}

const END: LastEvent = { event: "end", dataJson: "null" };

interface Ending {
  readonly live: LiveRun;
  readonly event: keyof typeof THREAD_STATUS;
  readonly result: RunResult;
  readonly error: RunOutcome["error"];
  readonly outcome: SettledOutcome;
  readonly webhook: RunWebhook | undefined;
  readonly lastEvent: LastEvent;
}

async function settleTemporary(ending: Ending, { store, bound, clock }: SettleContext): Promise<false> {
  const { live, result, webhook, lastEvent } = ending;
  const { run, owner } = live;
  const owned = { runId: run.runId, owner };
  // Most of these runs need one statement, which needs no transaction.
  const isOneRow = !hasStoredCheckpoints(run.kwargs) && webhook === undefined;
  if (isOneRow && (await store.runs.deleteUnfollowed(owned))) {
    await live.writer.stage(store.runEvents, lastEvent);
    await bound.forget(run.threadId, run.kwargs);
    return false;
  }
  await store.transaction(async (tables) => {
    await stageEnd(tables, ending, await tables.runs.setStatus(owned, result.status, run.attempt + 1, clock.now()));
    if (webhook !== undefined) await tables.runWebhooks.insert(webhook, owner);
  });
  await bound.forget(run.threadId, run.kwargs);
  // Only now, so that a restart finds what is left of its checkpoints.
  await store.runs.delete(run.runId);
  return false;
}

/** The last event, and for those who follow the run from another process its result. Throws `RunLostError`. */
async function stageEnd(
  tables: StoreTables,
  { live, result, lastEvent }: Ending,
  notice: RunNotice | undefined,
): Promise<void> {
  if (notice === undefined) throw new RunLostError(live.run.runId);
  const followed = notice.isFollowed ? { result: JSON.stringify(result) } : {};
  await live.writer.stage(tables.runEvents, { ...lastEvent, ...followed });
}

async function settleOnThread(ending: Ending, { store, checkpointer, bound, clock }: SettleContext): Promise<boolean> {
  const { live, event, result, error, outcome, webhook } = ending;
  const { run, owner } = live;
  const isRolledBack = live.stopReason === "rollback";
  const hasStarted = live.status !== "pending" || run.attempt > 0;
  if (isRolledBack) {
    // The process that has the run now may not know that it is to be rolled back, and go on from its checkpoints.
    if ((await store.runs.get(run.runId))?.owner !== owner) throw new RunLostError(run.runId);
    await checkpointer.deleteRun(run.threadId, run.runId);
  }
  // One that waited to be executed again may have left checkpoints that nobody has looked at.
  const isLeftOver = live.status === "pending" && run.attempt > 0;
  const graph =
    outcome.graph ?? (isLeftOver ? await bound.forRun(live.graphId, run.kwargs).catch(() => undefined) : undefined);
  const outcomeOfThread = hasStarted
    ? await toThreadOutcome(event, { ...outcome, graph }, { threadId: run.threadId, error, isRolledBack })
    : undefined;
  return store.transaction(
    async (tables) => {
      const owned = { runId: run.runId, owner };
      const notice = await tables.runs.setStatus(owned, result.status, run.attempt + 1, clock.now());
      // Also of a run that is rolled back: whoever follows it from elsewhere hears of its end.
      await stageEnd(tables, ending, notice);
      if (isRolledBack) {
        if (notice?.isFollowed !== true) await tables.runEvents.delete(run.runId);
        await tables.runs.delete(run.runId);
      }
      if (webhook !== undefined) await tables.runWebhooks.insert(webhook, owner);
      const settled = outcomeOfThread ?? (await unchangedOutcome(tables, run.threadId, error));
      // Asked inside the transaction: a run accepted a moment ago keeps the thread busy.
      const others = await otherRuns(tables, run.threadId, run.runId);
      const status = others.length > 0 ? "busy" : settled.status;
      await tables.threads.setOutcome(run.threadId, { ...settled, status }, clock.now());
      return others.some((other) => other.owner === null);
    },
    { lock: run.threadId },
  );
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
  // A run that cannot even be started has not failed: it is given up.
  if (outcome.event === "fail") return live.status === "pending" ? "abandon" : "fail";
  if (outcome.event !== "stop") return outcome.event;
  return live.stopReason === "timeout" ? "expire" : "cancel";
}

async function toThreadOutcome(
  event: keyof typeof THREAD_STATUS,
  outcome: RunOutcome & { readonly graph: ServedGraph | undefined },
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

/** A run that never started leaves its thread as it was before, but for the reason why it could not start. */
async function unchangedOutcome(tables: StoreTables, threadId: string, error: unknown): Promise<ThreadOutcome> {
  if (error !== undefined) return { status: "error", error };
  const thread = await tables.threads.get(threadId);
  if (thread !== undefined && Object.keys(thread.interrupts).length > 0) return { status: "interrupted" };
  return { status: thread?.error == null ? "idle" : "error" };
}

/** Runs of the thread that are under way or wait for their turn. */
async function otherRuns(tables: StoreTables, threadId: string, runId: string): Promise<readonly Run[]> {
  return (await tables.runs.unfinishedOfThread(threadId)).filter((run) => run.runId !== runId);
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
