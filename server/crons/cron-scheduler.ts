import type { Clock } from "../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { RunManager } from "../runs/run-manager.ts";
import { RunCreate } from "../schemas/run.ts";
import type { CronJob } from "../store/crons.ts";
import type { Store } from "../store/store.ts";
import { findAssistant } from "../system-assistants.ts";
import { nextTime } from "./schedule.ts";

export interface CronSchedulerOptions {
  readonly store: Store;
  readonly graphs: GraphRegistry;
  readonly runs: RunManager;
  readonly clock: Clock;
  readonly log: Log;
}

export interface CronScheduler {
  /** To be called when a cron was added or changed. */
  wake(): void;
  stop(): Promise<void>;
}

/** Where another process starts the runs. */
export const IDLE_SCHEDULER: CronScheduler = { wake: () => undefined, stop: async () => {} };

/** How long the scheduler sleeps at most: another process may have added a cron. */
const MAX_SLEEP_MS = 30_000;
const CRONS_PER_TURN = 100;

/**
 * Starts a run whenever a cron is due. The run is stored in the transaction that moves the cron to its next time, so
 * however the process ends, every time gives one run and none gives two. Times that passed while no process ran give one run
 * together, at the next start.
 */
export function startCronScheduler(options: CronSchedulerOptions): CronScheduler {
  const { store, clock, log } = options;
  const ending = new AbortController();
  let waking = new AbortController();

  const turn = async (): Promise<number> => {
    const due = await store.crons.due(clock.now(), CRONS_PER_TURN);
    for (const cron of due) {
      if (ending.signal.aborted) return 0;
      await startRun(cron, options);
    }
    if (due.length === CRONS_PER_TURN) return 0;
    const next = await store.crons.nextDue();
    return next === undefined ? MAX_SLEEP_MS : Math.min(MAX_SLEEP_MS, Math.max(0, next - clock.now()));
  };

  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      waking = new AbortController();
      let waitMs = MAX_SLEEP_MS;
      try {
        waitMs = await turn();
      } catch (error) {
        // A store that fails now may work at the next turn.
        log.warn({ err: error }, "crons not looked at");
      }
      const signal = AbortSignal.any([ending.signal, waking.signal]);
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  };
  const ended = loop();

  return {
    wake: () => waking.abort(new Error("a cron was changed")),
    stop: () => {
      ending.abort(new Error("the service stops"));
      return ended;
    },
  };
}

async function startRun(cron: CronJob, { store, graphs, runs, clock, log }: CronSchedulerOptions): Promise<void> {
  const { cronId, nextRunAtMs: dueMs } = cron;
  if (dueMs === null) return;
  const following = followingTime(cron, clock.now());
  try {
    const assistant = await findAssistant(store, graphs, cron.assistantId);
    const body = RunCreate.parse({
      multitask_strategy: "enqueue",
      ...cron.payload,
      assistant_id: cron.assistantId,
      metadata: { ...cron.metadata, ...metadataOf(cron.payload), cron_id: cronId },
      on_completion: cron.onRunCompleted,
    });
    await runs.create({
      body,
      assistant,
      headers: {},
      ...(cron.threadId === null ? {} : { threadId: cron.threadId }),
      alongside: async (tables) => {
        if (await tables.crons.advance(cronId, dueMs, following)) return;
        throw new ServiceError("conflict", "another process has started this run");
      },
    });
    log.info({ cron_id: cronId }, "cron started a run");
  } catch (error) {
    // One cron that cannot run must not keep the others, nor itself, from their next time.
    const hasMoved = await store.crons.advance(cronId, dueMs, following);
    if (hasMoved) log.warn({ cron_id: cronId, reason: errorMessage(error) }, "cron could not start its run");
  }
}

/** The next time that is still to come; null after the end. */
export function followingTime(
  { schedule, timezone, endTimeMs }: Pick<CronJob, "schedule" | "timezone" | "endTimeMs">,
  nowMs: number,
): number | null {
  const next = nextTime({ expression: schedule, timezone }, nowMs);
  return next === null || (endTimeMs !== null && next > endTimeMs) ? null : next;
}

function metadataOf(payload: Readonly<Record<string, unknown>>): object {
  const { metadata } = payload;
  return typeof metadata === "object" && metadata !== null ? metadata : {};
}
