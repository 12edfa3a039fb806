import type { Clock } from "../../lib/clock.ts";
import type { RunEventBatch, RunEventEntry, RunEventStore } from "../store/run-events.ts";
import { RunLostError } from "../store/run-lost-error.ts";
import type { OwnedRun } from "../store/run-ownership.ts";
import type { EventLog } from "./event-log.ts";

/** The one who writes the events of a run; readers have its log. */
export interface EventWriter {
  append(event: string, dataJson: string): void;
  /** Resolves when everything appended so far is shown to readers, and stored where it is to be stored. */
  flush(): Promise<void>;
  /** The run is followed from another process: its events are stored, those so far and those to come. */
  publish(): void;
  /**
   * Stores the last event in the transaction that `events` belongs to; it is shown by `reveal`. To be called after
   * `flush`; a second call replaces the first, whose transaction failed. Throws `RunLostError`.
   */
  stage(events: RunEventStore, last: LastEvent): Promise<void>;
  /** Shows what was staged, once its transaction is done. */
  reveal(): void;
  /** Another process writes the run's events from now on: what is still appended here is dropped. */
  close(): void;
}

export interface LastEvent {
  readonly event: string;
  readonly dataJson: string;
  /** For those who follow the run from another process: how it ended, as JSON. */
  readonly result?: string | undefined;
}

export interface EventWriterOptions {
  readonly owned: OwnedRun;
  readonly log: EventLog;
  readonly events: RunEventStore;
  readonly clock: Clock;
  /** Told once, when events cannot be stored; from then on the run is followed only as long as the process lives. */
  readonly onFailure: (error: unknown) => void;
  /** Told when a published run has further stored events. */
  readonly onPublish: () => void;
}

/** Stored events that the log no longer has are deleted when there are this many. */
const TRIM_AT = 5_000;
/** Size of one row where many events are stored at once. */
const ROW_CHARS = 512 * 1024;

/** Rows of a run's events: nothing is written any more once one could not be. */
function createRows({ owned, log, events, clock, onFailure }: EventWriterOptions) {
  let hasFailed = false;
  let firstStored = log.firstId;
  const append = async (into: RunEventStore, batch: RunEventBatch): Promise<void> => {
    if (hasFailed) return;
    if (!(await into.append(owned, batch, clock.now()))) throw new RunLostError(owned.runId);
    if (log.firstId - firstStored < TRIM_AT) return;
    firstStored = log.firstId;
    await into.deleteBefore(owned.runId, firstStored);
  };
  return {
    append,
    /** False when the run is another process's: those who store its outcome will notice, too. */
    async tryAppend(batch: RunEventBatch): Promise<boolean> {
      try {
        await append(events, batch);
      } catch (error) {
        hasFailed = true;
        if (error instanceof RunLostError) return false;
        onFailure(error);
      }
      return true;
    },
  };
}

/** One task at a time, begun in the next turn of the event loop; what comes meanwhile is part of it. */
function createTurns(work: () => Promise<void>) {
  let underWay: Promise<void> | undefined;
  let isScheduled = false;
  const run = (): Promise<void> => {
    underWay ??= work().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  return {
    run,
    schedule(): void {
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(() => {
        isScheduled = false;
        void run();
      });
    },
  };
}

/** Events live and die with the process; they are stored only once somebody follows the run from another one. */
export function createPlainWriter(options: EventWriterOptions): EventWriter {
  const { log, onPublish } = options;
  const rows = createRows(options);
  let staged: LastEvent | undefined;
  let isPublished = false;
  /** What is not stored yet is stored with the end: both at the same time would do it twice. */
  let isSealed = false;
  let isClosed = false;
  let storedId = log.lastId;

  const turns = createTurns(async () => {
    if (!isPublished || isSealed) return;
    while (!isClosed && storedId < log.lastId) {
      const batch = log.entries(storedId, ROW_CHARS);
      // The log may have dropped what was not stored yet.
      if (batch.entries.length === 0) return;
      isClosed = !(await rows.tryAppend(batch)) || isClosed;
      storedId = batch.firstSeq + batch.entries.length - 1;
      onPublish();
    }
  });

  return {
    append(event, dataJson) {
      if (isClosed) return;
      log.append(event, dataJson);
      if (isPublished) turns.schedule();
    },
    async flush() {
      if (isPublished) await turns.run();
      isSealed = true;
    },
    publish() {
      if (isPublished) return;
      isPublished = true;
      turns.schedule();
    },
    async stage(into, last) {
      staged = last;
      if (last.result === undefined) return;
      let from = storedId;
      for (let batch = log.entries(from, ROW_CHARS); batch.entries.length > 0; batch = log.entries(from, ROW_CHARS)) {
        await rows.append(into, batch);
        from = batch.firstSeq + batch.entries.length - 1;
      }
      const entries = [[last.event, last.dataJson]] as const;
      await rows.append(into, { firstSeq: log.lastId + 1, entries, result: last.result });
    },
    reveal() {
      if (staged === undefined || isClosed) return;
      log.append(staged.event, staged.dataJson);
      if (staged.result !== undefined) onPublish();
    },
    close() {
      isClosed = true;
    },
  };
}

/**
 * Stores events before readers see them: whatever id a reader names after a restart, the events after it are either stored
 * or were never sent. What comes in one turn of the event loop is one row.
 */
export function createStoredWriter(options: EventWriterOptions): EventWriter {
  const { log, onPublish } = options;
  const rows = createRows(options);
  let waiting: RunEventEntry[] = [];
  let staged: LastEvent | undefined;
  let isPublished = false;
  let isClosed = false;

  const turns = createTurns(async () => {
    while (waiting.length > 0 && !isClosed) {
      const entries = waiting;
      waiting = [];
      isClosed = !(await rows.tryAppend({ firstSeq: log.lastId + 1, entries })) || isClosed;
      if (isClosed) return;
      for (const [event, dataJson] of entries) log.append(event, dataJson);
      if (isPublished) onPublish();
    }
  });

  return {
    append(event, dataJson) {
      if (log.isEnded || isClosed) return;
      waiting.push([event, dataJson]);
      turns.schedule();
    },
    flush: turns.run,
    publish() {
      if (isPublished) return;
      isPublished = true;
      onPublish();
    },
    async stage(into, last) {
      staged = last;
      const { event, dataJson, result } = last;
      const entries = [[event, dataJson]] as const;
      await rows.append(into, { firstSeq: log.lastId + 1, entries, ...(result === undefined ? {} : { result }) });
    },
    reveal() {
      if (staged === undefined || isClosed) return;
      log.append(staged.event, staged.dataJson);
      if (staged.result !== undefined) onPublish();
    },
    close() {
      isClosed = true;
    },
  };
}
