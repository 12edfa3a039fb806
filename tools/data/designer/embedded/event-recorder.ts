import type { Clock } from "../../../../lib/clock.ts";
import type { JobEvent } from "../../dataset-job/events.ts";
import { type Told, describeEvent } from "./describe-event.ts";
import type { JobRow } from "./job-row.ts";
import type { JobStore, ProgressUpdate } from "./job-store.ts";

/** Progress is stored this often at most; the interval doubles with each 1,000 events, so that long jobs stay within bounds. */
export const PROGRESS_EVERY_MS = 250;
const EVENTS_PER_INTERVAL = 1_000;

export interface EventRecorder {
  record(event: JobEvent): void;
  /** Stores progress that was held back, if it is its time; the last event of a job needs no such call. */
  tick(): void;
}

export interface EventRecorderOptions {
  readonly store: JobStore;
  readonly row: JobRow;
  readonly clock: Clock;
  /** What earlier runs of the job dropped and used. */
  readonly failedRows: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Called after each write. */
  readonly onStored: () => void;
}

/**
 * Keeps what a running job tells. Events about progress that come too fast are left out: the newest one of each subject
 * waits for its time. All others are stored at once, after those that wait.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { store, row, clock, onStored } = options;
  const waiting = new Map<string, Told>();
  const tokens = new Map<string, { readonly input: number; readonly output: number }>();
  let { failedRows } = options;
  let progress: ProgressUpdate = {};
  let storedAt = -Infinity;
  let stored = store.countEvents(row.number);

  const write = (told: readonly Told[]): void => {
    const now = clock.now();
    store.tell(row.id, progress, (events, job) => {
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
    if (waiting.size === 0) return;
    const told = [...waiting.values()];
    waiting.clear();
    storedAt = clock.now();
    write(told);
  };
  const tick = (): void => {
    const interval = PROGRESS_EVERY_MS * 2 ** Math.floor(stored / EVENTS_PER_INTERVAL);
    if (clock.now() - storedAt >= interval) flush();
  };
  const count = (event: JobEvent): void => {
    if (event.type === "run_started") {
      progress = { ...progress, done_rows: event.resumedRows, failed_rows: failedRows };
    } else if (event.type === "row_group_finished") {
      failedRows += event.dropped;
      const { done, rowsPerSecond, etaSeconds = null } = event;
      progress = { ...progress, done_rows: done, failed_rows: failedRows };
      progress = { ...progress, rows_per_second: rowsPerSecond, eta_seconds: etaSeconds };
    } else if (event.type === "model_usage") {
      tokens.set(event.alias, { input: event.inputTokens, output: event.outputTokens });
      const all = [...tokens.values()];
      const { inputTokens, outputTokens } = options;
      progress = {
        ...progress,
        input_tokens: all.reduce((sum, { input }) => sum + input, inputTokens),
        output_tokens: all.reduce((sum, { output }) => sum + output, outputTokens),
      };
    }
  };
  return {
    tick,
    record(event) {
      count(event);
      const told = describeEvent(event);
      const subject = progressSubject(event);
      if (subject === undefined) {
        flush();
        write([told]);
        return;
      }
      // That a row group begins says less than that another one ended.
      if (event.type === "row_group_started" && waiting.has(subject)) return;
      waiting.delete(subject);
      waiting.set(subject, told);
      tick();
    },
  };
}

/** What a newer event makes an older one needless of; undefined for events that are all kept. */
function progressSubject(event: JobEvent): string | undefined {
  switch (event.type) {
    case "row_group_started":
    case "row_group_finished":
      return "rows";
    case "column_progress":
      return `column ${event.column}`;
    case "model_usage":
      return `usage ${event.alias}`;
    case "throttle":
      return `throttle ${event.alias}`;
    case "run_started":
    case "row_failed":
    case "log":
    case "analysis":
    case "run_finished":
      return undefined;
  }
}
