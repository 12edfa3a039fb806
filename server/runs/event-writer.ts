import type { Clock } from "../../lib/clock.ts";
import type { RunEventBatch, RunEventEntry, RunEventStore } from "../store/run-events.ts";
import type { EventLog } from "./event-log.ts";

/** The one who writes the events of a run; readers have its log. */
export interface EventWriter {
  append(event: string, dataJson: string): void;
  /** Resolves when everything appended so far is stored, where it is stored at all, and shown to readers. */
  flush(): Promise<void>;
  /**
   * Stores the last event in the transaction that `events` belongs to; it is shown by `reveal`. To be called after
   * `flush`; a second call replaces the first, whose transaction failed.
   */
  stage(events: RunEventStore, event: string, dataJson: string): Promise<void>;
  /** Shows what was staged, once its transaction is done. */
  reveal(): void;
}

/** Events live and die with the process. */
export function createPlainWriter(log: EventLog): EventWriter {
  let staged: RunEventEntry | undefined;
  return {
    append: (event, dataJson) => log.append(event, dataJson),
    flush: () => Promise.resolve(),
    stage: (_events, event, dataJson) => {
      staged = [event, dataJson];
      return Promise.resolve();
    },
    reveal: () => {
      if (staged !== undefined) log.append(...staged);
      staged = undefined;
    },
  };
}

export interface StoredWriterOptions {
  readonly runId: string;
  readonly log: EventLog;
  readonly events: RunEventStore;
  readonly clock: Clock;
  /** Told once, when events cannot be stored; from then on the run is followed only as long as the process lives. */
  readonly onFailure: (error: unknown) => void;
}

/** Stored events that the log no longer has are deleted when there are this many. */
const TRIM_AT = 5_000;

/**
 * Stores events before readers see them: whatever id a reader names after a restart, the events after it are either stored
 * or were never sent. What comes in one turn of the event loop is one row.
 */
export function createStoredWriter({ runId, log, events, clock, onFailure }: StoredWriterOptions): EventWriter {
  let waiting: RunEventEntry[] = [];
  let staged: readonly RunEventEntry[] = [];
  let storing: Promise<void> | undefined;
  let isScheduled = false;
  let hasFailed = false;
  let firstStored = log.firstId;

  const show = (entries: readonly RunEventEntry[]): void => {
    for (const [event, dataJson] of entries) log.append(event, dataJson);
  };
  const store = async (into: RunEventStore, batch: RunEventBatch): Promise<void> => {
    if (hasFailed) return;
    await into.append(runId, batch, clock.now());
    if (log.firstId - firstStored < TRIM_AT) return;
    firstStored = log.firstId;
    await into.deleteBefore(runId, firstStored);
  };
  const storeWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const entries = waiting;
      waiting = [];
      try {
        await store(events, { firstSeq: log.lastId + 1, entries });
      } catch (error) {
        hasFailed = true;
        onFailure(error);
      }
      show(entries);
    }
  };
  const flush = (): Promise<void> => {
    storing ??= storeWaiting().finally(() => {
      storing = undefined;
    });
    return storing;
  };

  return {
    append(event, dataJson) {
      if (log.isEnded) return;
      waiting.push([event, dataJson]);
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(() => {
        isScheduled = false;
        void flush();
      });
    },
    flush,
    async stage(into, event, dataJson) {
      staged = [[event, dataJson]];
      await store(into, { firstSeq: log.lastId + 1, entries: staged });
    },
    reveal() {
      show(staged);
      staged = [];
    },
  };
}
