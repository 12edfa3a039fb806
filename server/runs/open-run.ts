import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { RunEventBatch, RunEventStore } from "../store/run-events.ts";
import type { Run } from "../store/runs.ts";
import { serialize } from "../wire/serialize.ts";
import { type EventLog, createEventLog } from "./event-log.ts";
import { createPlainWriter, createStoredWriter } from "./event-writer.ts";
import type { LiveRun, LiveRuns, RunResult } from "./live-runs.ts";

export interface OpenRunOptions {
  readonly run: Run;
  readonly graphId: string;
  /** Undefined for a run that was accepted just now, else what is stored of its events. */
  readonly stored?: readonly RunEventBatch[];
  readonly runs: LiveRuns;
  readonly events: RunEventStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** Takes a run in: from here on it can be found, followed and stopped. Its log begins (again) with `metadata`. */
export function openRun(options: OpenRunOptions): LiveRun {
  const { run, graphId, stored, runs, events, clock, log } = options;
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const eventLog = restoreLog(stored ?? [], runs);
  const fields = { run_id: run.runId, thread_id: run.threadId };
  const writer = run.kwargs.resumable
    ? createStoredWriter({
        runId: run.runId,
        log: eventLog,
        events,
        clock,
        onFailure: (error) =>
          log.error({ ...fields, err: error }, "events not stored: the stream ends with the process"),
      })
    : createPlainWriter(eventLog);
  writer.append("metadata", serialize({ ...fields, attempt: run.attempt + 1 }));
  const live: LiveRun = {
    run,
    graphId,
    isRecovered: stored !== undefined,
    status: run.status,
    startedAtMs: run.createdAtMs,
    log: eventLog,
    writer,
    abort: new AbortController(),
    stopReason: undefined,
    settled: promise,
    settle: resolve,
  };
  runs.add(live);
  return live;
}

/** A log with the events that are stored, under their ids. */
export function restoreLog(stored: readonly RunEventBatch[], runs?: Pick<LiveRuns, "onResize">): EventLog {
  const log = createEventLog({
    firstId: stored[0]?.firstSeq ?? 0,
    ...(runs === undefined ? {} : { onResize: (chars: number) => runs.onResize(chars) }),
  });
  for (const { entries } of stored) for (const [event, dataJson] of entries) log.append(event, dataJson);
  return log;
}
