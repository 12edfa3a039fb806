import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { ReplicaBus } from "../replicas/bus.ts";
import type { RunEventBatch, RunEventStore } from "../store/run-events.ts";
import type { Run } from "../store/runs.ts";
import { serialize } from "../wire/serialize.ts";
import { type EventLog, createEventLog } from "./event-log.ts";
import { type EventWriterOptions, createPlainWriter, createStoredWriter } from "./event-writer.ts";
import type { LiveRun, LiveRuns, RunResult } from "./live-runs.ts";

export interface OpenRunOptions {
  readonly run: Run;
  readonly graphId: string;
  readonly owner: string;
  /** What is stored of its events; undefined for a run that was accepted just now. */
  readonly stored?: readonly RunEventBatch[];
  readonly runs: LiveRuns;
  readonly events: RunEventStore;
  readonly bus: ReplicaBus;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Takes a run in: from here on it can be found, followed and stopped. Its log begins (again) with `metadata`. Those who
 * followed it here while it was elsewhere go on with the same log.
 */
export function openRun(options: OpenRunOptions): LiveRun {
  const { run, graphId, owner, stored, runs, events, bus, clock, log } = options;
  const { runId } = run;
  const former = runs.get(runId);
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const eventLog = former?.log ?? createEventLog({ onResize: runs.onResize });
  appendStored(eventLog, stored ?? []);
  const fields = { run_id: runId, thread_id: run.threadId };
  const writing: EventWriterOptions = {
    owned: { runId, owner },
    log: eventLog,
    events,
    storedId: lastStoredId(stored ?? []),
    clock,
    onFailure: (error) => log.error({ ...fields, err: error }, "events of a run not stored yet"),
    onPublish: () => bus.send({ kind: "events", runId }),
  };
  const writer = run.kwargs.resumable ? createStoredWriter(writing) : createPlainWriter(writing);
  if (run.followedBy !== null) writer.publish();
  writer.append("metadata", serialize({ ...fields, attempt: run.attempt + 1 }));
  const live: LiveRun = {
    run,
    graphId,
    owner,
    isElsewhere: false,
    isRecovered: stored !== undefined,
    status: run.status,
    startedAtMs: run.createdAtMs,
    log: eventLog,
    writer,
    abort: new AbortController(),
    stopReason: undefined,
    settled: former?.settled ?? promise,
    settle: former?.settle ?? resolve,
  };
  runs.add(live);
  return live;
}

function lastStoredId(stored: readonly RunEventBatch[]): number {
  const last = stored.at(-1);
  return last === undefined ? -1 : last.firstSeq + last.entries.length - 1;
}

/** A log with the events that are stored, under their ids. */
export function restoreLog(stored: readonly RunEventBatch[]): EventLog {
  const log = createEventLog();
  appendStored(log, stored);
  return log;
}

/** Adds what is stored and not in the log yet; what lies between and is no longer stored is left out. */
export function appendStored(log: EventLog, stored: readonly RunEventBatch[]): void {
  for (const { firstSeq, entries } of stored) {
    if (firstSeq > log.lastId + 1) log.skipTo(firstSeq);
    for (const [event, dataJson] of entries.slice(log.lastId + 1 - firstSeq)) log.append(event, dataJson);
  }
}
