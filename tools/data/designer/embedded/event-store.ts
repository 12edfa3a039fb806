import type { JsonValue } from "../../../../engine/data/table.ts";
import { isoTime } from "../../../../lib/clock.ts";
import type { JobEvent, JobLogLine } from "../designer.ts";
import type { JobDatabase } from "./job-database.ts";

/** Events of a job that are kept; the last ones are left for how it ends. */
export const MAX_EVENTS = 10_000;
const KEPT_FOR_END = 50;
export const MAX_LOG_LINES = 2_000;
const MAX_MESSAGE = 4_000;

export type NewLogLine = Omit<JobLogLine, "timestamp"> & { readonly atMs: number };

/** Statements over `events` and `log_lines`; the caller holds the transaction. Jobs are named by their number. */
export interface EventStore {
  /** Does nothing once the job has `MAX_EVENTS`, or nearly so for one that does not tell its end. */
  addEvent(job: number, type: string, data: Readonly<Record<string, JsonValue>>, isEnd?: boolean): void;
  countEvents(job: number): number;
  eventsAfter(job: number, after: number, limit: number): readonly JobEvent[];
  /** The line after the last that is kept says so. */
  addLogLine(job: number, line: NewLogLine): void;
  logLines(
    job: number,
    offset: number,
    limit: number,
  ): { readonly lines: readonly JobLogLine[]; readonly total: number };
}

interface LogRow {
  readonly at_ms: number;
  readonly level: JobLogLine["level"];
  readonly step: string;
  readonly task: string;
  readonly message: string;
}

export function createEventStore({ sqlite }: JobDatabase): EventStore {
  const count = sqlite.prepare<[number], { total: number }>(
    "SELECT COALESCE(MAX(seq), 0) AS total FROM events WHERE job = ?",
  );
  const insert = sqlite.prepare("INSERT INTO events (job, seq, type, data) VALUES (?, ?, ?, ?)");
  const select = sqlite.prepare<[number, number, number], { seq: number; type: string; data: string }>(
    "SELECT seq, type, data FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?",
  );
  const countLines = sqlite.prepare<[number], { total: number }>(
    "SELECT COALESCE(MAX(seq), 0) AS total FROM log_lines WHERE job = ?",
  );
  const insertLine = sqlite.prepare(
    "INSERT INTO log_lines (job, seq, at_ms, level, step, task, message) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const selectLines = sqlite.prepare<[number, number, number], LogRow>(
    "SELECT at_ms, level, step, task, message FROM log_lines WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?",
  );
  const countEvents = (job: number): number => count.get(job)?.total ?? 0;
  const countLogLines = (job: number): number => countLines.get(job)?.total ?? 0;
  return {
    addEvent(job, type, data, isEnd = false) {
      const total = countEvents(job);
      if (total >= (isEnd ? MAX_EVENTS : MAX_EVENTS - KEPT_FOR_END)) return;
      insert.run(job, total + 1, type, JSON.stringify(data));
    },
    countEvents,
    eventsAfter: (job, after, limit) =>
      select.all(job, after, limit).map(({ seq, type, data }) => ({
        seq,
        type,
        // What `addEvent` wrote.
        data: JSON.parse(data) as JobEvent["data"],
      })),
    addLogLine(job, { atMs, level, step, task, message }) {
      const total = countLogLines(job);
      // The lines that tell how a job ends are few, and more important than the two thousand before them.
      const isEnd = step === "job";
      if (total >= MAX_LOG_LINES + KEPT_FOR_END || (total > MAX_LOG_LINES && !isEnd)) return;
      const text =
        total === MAX_LOG_LINES && !isEnd
          ? `more than ${MAX_LOG_LINES} lines; the next ones are not kept`
          : message.length > MAX_MESSAGE
            ? `${message.slice(0, MAX_MESSAGE)}… (${message.length - MAX_MESSAGE} characters more)`
            : message;
      insertLine.run(job, total + 1, atMs, level, step, task, text);
    },
    logLines: (job, offset, limit) => ({
      lines: selectLines
        .all(job, offset, limit)
        .map(({ at_ms: atMs, ...line }) => ({ timestamp: isoTime(atMs), ...line })),
      total: countLogLines(job),
    }),
  };
}
