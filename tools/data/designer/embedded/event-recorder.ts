import type { JsonValue } from "../../../../engine/data/table.ts";
import type { Clock } from "../../../../lib/clock.ts";
import type { JobEvent } from "../../dataset-job/events.ts";
import type { NewLogLine } from "./event-store.ts";
import type { JobStore, ProgressUpdate } from "./job-store.ts";

/** Progress is stored this often at most; its interval doubles with each 2,000 events, so that long jobs stay within bounds. */
export const PROGRESS_EVERY_MS = 250;
const EVENTS_PER_INTERVAL = 2_000;

type Data = Readonly<Record<string, JsonValue>>;

interface Told {
  readonly type: string;
  readonly data: Data;
  readonly line?: Omit<NewLogLine, "atMs">;
}

export interface EventRecorder {
  record(event: JobEvent): void;
  /** Stores progress that was held back, if it is its time; the last event of a job needs no such call. */
  tick(): void;
}

export interface EventRecorderOptions {
  readonly store: JobStore;
  readonly id: string;
  readonly clock: Clock;
  /** Rows that earlier runs of the job dropped. */
  readonly failedRows: number;
  /** Called after each write. */
  readonly onStored: () => void;
}

/**
 * Keeps what a running job tells. Events about progress that come too fast are left out, the newest one of each kind
 * waits; all others are stored at once, in the order in which they came.
 */
export function createEventRecorder({ store, id, clock, onStored, ...before }: EventRecorderOptions): EventRecorder {
  let progress: ProgressUpdate = {};
  let { failedRows } = before;
  let heldBack: Told | undefined;
  let storedAt = -Infinity;
  let stored = 0;

  const write = (told: readonly Told[]): void => {
    const now = clock.now();
    store.tell(id, progress, (events, job) => {
      for (const { type, data, line } of told) {
        events.addEvent(job, type, data);
        if (line !== undefined) events.addLogLine(job, { atMs: now, ...line });
      }
    });
    stored += told.length;
    progress = {};
    onStored();
  };
  const flush = (): void => {
    if (heldBack === undefined) return;
    const told = [heldBack];
    heldBack = undefined;
    storedAt = clock.now();
    write(told);
  };
  const tick = (): void => {
    const interval = PROGRESS_EVERY_MS * 2 ** Math.floor(stored / EVENTS_PER_INTERVAL);
    if (clock.now() - storedAt >= interval) flush();
  };
  return {
    tick,
    record(event) {
      if (event.type === "run_started") progress = { done_rows: event.resumedRows, failed_rows: failedRows };
      if (event.type === "row_group_finished") {
        failedRows += event.dropped;
        progress = {
          ...progress,
          done_rows: event.done,
          failed_rows: failedRows,
          rows_per_second: event.rowsPerSecond,
          eta_seconds: event.etaSeconds ?? null,
        };
      }
      const told = describe(event);
      if (event.type === "row_group_started" || event.type === "row_group_finished") {
        // That a row group begins says less than that another one ended.
        if (event.type === "row_group_finished" || heldBack === undefined) heldBack = told;
        tick();
        return;
      }
      flush();
      write([told]);
    },
  };
}

/** The event on the wire, whose names are snake_case, and what people read of it. */
function describe(event: JobEvent): Told {
  const line = (
    level: NewLogLine["level"],
    task: string,
    message: string,
  ): { readonly line: Omit<NewLogLine, "atMs"> } => ({ line: { level, step: "generate", task, message } });
  const { type } = event;
  switch (type) {
    case "run_started": {
      const { configHash, target, columns, resumedRows } = event;
      const goesOn = resumedRows === 0 ? "" : `, ${resumedRows} of them are there from before`;
      return {
        type,
        data: { config_hash: configHash, target, columns, resumed_rows: resumedRows },
        ...line("info", "start", `generating ${target} rows of ${columns.length} columns${goesOn}`),
      };
    }
    case "row_group_started":
      return { type, data: { id: event.id, rows: event.rows } };
    case "row_group_finished": {
      const { id, rows, dropped, done, target, rowsPerSecond, etaSeconds } = event;
      return {
        type,
        data: { id, rows, dropped, done, target, rows_per_second: rowsPerSecond, eta_seconds: etaSeconds ?? null },
        ...line("info", `row group ${id}`, `${done} of ${target} rows, ${rowsPerSecond} rows/s`),
      };
    }
    case "row_failed": {
      const { row, column, kind, message } = event;
      return {
        type,
        data: { row, column, kind, message },
        ...line("warning", `column ${column}`, `row ${row} was dropped: ${kind}: ${message}`),
      };
    }
    case "log":
      return {
        type,
        data: { level: event.level, message: event.message },
        ...line(event.level, "rows", event.message),
      };
    case "analysis":
      return { type, data: { profile: event.profile } };
    case "run_finished": {
      const { status, target, actual } = event;
      return {
        type,
        data: { status, target, actual },
        ...line("info", "end", `${actual} of ${target} rows are there`),
      };
    }
  }
}
