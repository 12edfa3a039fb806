import type { Clock } from "../../lib/clock.ts";
import { ServiceError } from "../../lib/errors.ts";
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
  /** Whether readers have seen nothing that is not stored. */
  readonly isStored: boolean;
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
  /** Id of the newest stored event; -1 before the first. */
  readonly storedId: number;
  /** Told when events cannot be stored, once until they can be again. */
  readonly onFailure: (error: unknown) => void;
  /** Told when a published run has further stored events. */
  readonly onPublish: () => void;
}

/** Stored events that the log no longer has are deleted when there are this many. */
const TRIM_AT = 5_000;
/** Size of one row where many events are stored at once. */
const ROW_CHARS = 512 * 1024;
/** A database that did not take events is not asked again at once, because readers wait for its answer. */
const RETRY_MS = 2_000;

interface Rows {
  /** Adds a batch without regard to what is stored; for the transaction that ends the run. Throws `RunLostError`. */
  append(into: RunEventStore, batch: RunEventBatch): Promise<void>;
  /** Adds what the log has and the database has not. Throws `RunLostError`. */
  appendShown(into: RunEventStore): Promise<void>;
  /**
   * Stores what is shown already and `batch` behind it. False when the run is another process's: those who store its outcome
   * will notice, too. What cannot be stored now is stored later.
   */
  store(batch?: RunEventBatch): Promise<boolean>;
  /** Id of the newest stored event. */
  readonly storedId: number;
}

function createRows({ owned, log, events, clock, onFailure, ...options }: EventWriterOptions): Rows {
  let storedId = options.storedId;
  let firstStored = log.firstId;
  let isFailing = false;
  let retryAtMs = -Infinity;
  /** What failed is no fault of the database and would fail again. */
  let isHopeless = false;

  const append = async (into: RunEventStore, batch: RunEventBatch): Promise<void> => {
    if (isHopeless) return;
    if (!(await into.append(owned, batch, clock.now()))) throw new RunLostError(owned.runId);
  };
  const appendShown = async (into: RunEventStore, onStored?: (lastId: number) => void): Promise<void> => {
    for (let from = storedId; from < log.lastId;) {
      const batch = log.entries(from, ROW_CHARS);
      // The log has dropped what was not stored yet.
      if (isHopeless || batch.entries.length === 0) return;
      await append(into, batch);
      from = lastIdOf(batch);
      onStored?.(from);
    }
  };
  const trim = async (): Promise<void> => {
    if (log.firstId - firstStored < TRIM_AT) return;
    firstStored = log.firstId;
    await events.deleteBefore(owned.runId, firstStored);
  };
  const onStored = (lastId: number): void => {
    storedId = lastId;
  };

  return {
    append,
    appendShown: (into) => appendShown(into),
    async store(batch) {
      if (isHopeless || clock.now() < retryAtMs) return true;
      try {
        await appendShown(events, onStored);
        if (batch !== undefined) {
          await append(events, batch);
          onStored(lastIdOf(batch));
        }
        isFailing = false;
        await trim();
      } catch (error) {
        if (error instanceof RunLostError) return false;
        isHopeless = !(error instanceof ServiceError);
        retryAtMs = clock.now() + RETRY_MS;
        if (!isFailing) onFailure(error);
        isFailing = true;
      }
      return true;
    },
    get storedId() {
      return storedId;
    },
  };
}

function lastIdOf({ firstSeq, entries }: RunEventBatch): number {
  return firstSeq + entries.length - 1;
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

  const turns = createTurns(async () => {
    if (!isPublished || isSealed) return;
    while (!isClosed && rows.storedId < log.lastId) {
      const before = rows.storedId;
      isClosed = !(await rows.store()) || isClosed;
      // What the database does not take now is stored later.
      if (rows.storedId === before) return;
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
      isPublished = true;
      turns.schedule();
    },
    async stage(into, last) {
      staged = last;
      if (last.result === undefined) return;
      await rows.appendShown(into);
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
    get isStored() {
      return rows.storedId === log.lastId;
    },
  };
}

/**
 * Stores events before readers see them: whatever id a reader names after a restart, the events after it are either stored
 * or were never sent. What comes in one turn of the event loop is one row. While the database does not take them, they are
 * shown nevertheless and stored later, with the end of the run at the latest.
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
      isClosed = !(await rows.store({ firstSeq: log.lastId + 1, entries })) || isClosed;
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
      await rows.appendShown(into);
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
    get isStored() {
      return rows.storedId === log.lastId;
    },
  };
}
