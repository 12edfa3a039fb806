import type { Log } from "../../lib/log.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import type { ServedGraph } from "../graph-loader.ts";
import { RunLostError } from "../store/run-lost-error.ts";
import { serialize } from "../wire/serialize.ts";
import type { RunOutcome } from "./execute-run.ts";
import type { LiveRun, LiveRuns, RunResult } from "./live-runs.ts";
import { isFinished } from "./run-status.ts";
import type { RunTap } from "./run-tap.ts";
import { type SettleContext, settleRun } from "./settle-run.ts";
import { readStoredResult } from "./stored-result.ts";
import type { WebhookOutbox } from "./webhook-outbox.ts";

export interface RunObserver {
  onRunEnd(end: { graphId: string; status: string; durationMs: number }): void;
}

export interface FinisherOptions extends SettleContext {
  readonly log: Log;
  readonly observer: RunObserver;
  readonly outbox: WebhookOutbox;
  readonly runs: LiveRuns;
  /** The run is another process's now, or was deleted. */
  readonly onLost: (live: LiveRun) => Promise<void>;
  /** The end of the run could not be stored, so it is to be executed again. */
  readonly onUnstored: (live: LiveRun) => void;
  /** There is room for another run; `hasSuccessor` when one of the same thread waits for somebody to take it. */
  readonly onEnd: (hasSuccessor: boolean) => void;
}

/** How often the end of a run is stored before it is given up. */
const MAX_ATTEMPTS = 3;

export type FinishRun = (
  live: LiveRun,
  outcome: RunOutcome & { readonly graph?: ServedGraph },
  tap?: RunTap,
) => Promise<void>;

/** A run that somebody stopped before it was executed. */
export const STOPPED: RunOutcome = { event: "stop", stateJson: undefined, interrupts: [] };

export function failedOutcome(error: string, message: string): RunOutcome {
  return { event: "fail", stateJson: undefined, interrupts: [], error: { error, message } };
}

/** Brings a run to its end: stores the outcome, tells those who wait and follow, and sends the webhook. Never throws. */
export function createFinisher(options: FinisherOptions): FinishRun {
  const { store, clock, log, observer, outbox, runs, onLost, onUnstored, onEnd } = options;

  interface Ending {
    readonly result: RunResult;
    readonly isStored: boolean;
  }

  /** The end of a run whose commit was done although its answer was lost. */
  const findEnded = async (live: LiveRun): Promise<Ending | undefined> => {
    try {
      const run = await store.runs.get(live.run.runId);
      if (run === undefined || !isFinished(run.status) || run.owner !== live.owner) return undefined;
      const result = await readStoredResult(store, run);
      live.status = run.status;
      live.writer.reveal();
      outbox.resume();
      return { result, isStored: true };
    } catch {
      return undefined; // The store fails still: the second attempt says how.
    }
  };

  /** Undefined when the run is not this process's any more. */
  const settle: (...args: Parameters<FinishRun>) => Promise<Ending | undefined> = async (live, outcome) => {
    const fields = { run_id: live.run.runId, thread_id: live.run.threadId };
    const storeEnding = async (ending: typeof outcome): Promise<Ending> => {
      const { result, webhook, hasSuccessor } = await settleRun(live, ending, options);
      if (webhook !== undefined) outbox.send(webhook);
      onEnd(hasSuccessor);
      return { result, isStored: true };
    };
    let failure: RunOutcome | undefined;
    // A database that did not answer once is asked again. Else what stands in the way may be the outcome itself; that the run
    // has ended must not be lost with it.
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      try {
        return await storeEnding(failure ?? outcome);
      } catch (error) {
        if (error instanceof RunLostError) return undefined;
        const ended = await findEnded(live);
        if (ended !== undefined) return ended;
        log.error({ ...fields, err: error, attempt }, "run outcome not stored");
        const isTransient = error instanceof ServiceError && error.code === "storage_failed";
        if (!isTransient || attempt > 1) failure = failedOutcome("StorageError", errorMessage(error));
      }
    }
    log.error(fields, "end of run not stored; it is executed again");
    // Readers must hear of it and must not wait for ever.
    const dataJson = serialize(failure?.error);
    live.status = "error";
    live.log.append("error", dataJson);
    return { result: { status: "error", body: `{"__error__":${dataJson}}` }, isStored: false };
  };

  return async (live, outcome, tap) => {
    const ending = live.stopReason === "lost" ? undefined : await settle(live, outcome);
    if (ending === undefined) {
      live.stopReason ??= "lost";
      await tap?.onEnd({ status: "pending", body: "{}" });
      await onLost(live);
      return;
    }
    const { result, isStored } = ending;
    await tap?.onEnd(result);
    live.log.end();
    live.settle(result);
    runs.retire(live, { isReachable: live.stopReason !== "rollback" });
    if (!isStored) onUnstored(live);
    const durationMs = clock.now() - live.startedAtMs;
    observer.onRunEnd({ graphId: live.graphId, status: result.status, durationMs });
    log.info(
      {
        run_id: live.run.runId,
        thread_id: live.run.threadId,
        graph_id: live.graphId,
        status: result.status,
        duration_ms: durationMs,
      },
      "run end",
    );
  };
}
