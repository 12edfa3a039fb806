import type { JsonValue } from "../../../../engine/data/table.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { type DesignJob, type JobEvent, type JobLogLine, hasEnded } from "../designer.ts";

/** As the official client polls. Source: Python SDK 1.4, `wait_until_done`. */
const POLL_MS = 1_000;
const TOLERATED_ERRORS = 4;
/** Events of a job that are kept for readers who come back. */
const MAX_EVENTS = 20_000;
const MAX_JOURNALS = 100;

export interface FollowOptions {
  readonly clock: Clock;
  job(id: string, signal: AbortSignal): Promise<DesignJob>;
  /** All lines from `cursor` on, with the cursor to go on with; bounded. */
  logsFrom(
    id: string,
    cursor: LogCursor,
    signal: AbortSignal,
  ): Promise<{ lines: readonly JobLogLine[]; cursor: LogCursor }>;
}

/** A page and how many of its lines are known already. */
export interface LogCursor {
  readonly page: string | undefined;
  readonly skip: number;
}

export interface Follower {
  events(id: string, options: { after: number; signal: AbortSignal }): AsyncGenerator<JobEvent>;
  waitForChange(id: string, options: { version: number; timeoutMs: number; signal: AbortSignal }): Promise<DesignJob>;
  forget(id: string): void;
}

/** What was seen of a job, in the order in which it was seen. */
interface Journal {
  readonly events: JobEvent[];
  cursor: LogCursor;
  version: number;
  status: string;
  hasEnded: boolean;
  /** The poll that is under way, shared by all readers. */
  polling: Promise<void> | undefined;
}

/** Watches jobs by asking, once a second while somebody waits; a few failures in a row are put up with. */
export function createFollower(options: FollowOptions): Follower {
  const { clock } = options;
  const journals = new Map<string, Journal>();

  const journalOf = (id: string): Journal => {
    const journal = journals.get(id) ?? {
      events: [],
      cursor: { page: undefined, skip: 0 },
      version: -1,
      status: "",
      hasEnded: false,
      polling: undefined,
    };
    journals.delete(id);
    journals.set(id, journal);
    const [oldest] = journals.keys();
    if (journals.size > MAX_JOURNALS && oldest !== undefined) journals.delete(oldest);
    return journal;
  };

  const poll = async (id: string, journal: Journal, signal: AbortSignal): Promise<void> => {
    const job = await options.job(id, signal);
    // After the job, so that the last lines of one that has ended are there.
    const { lines, cursor } = await options.logsFrom(id, journal.cursor, signal);
    journal.cursor = cursor;
    for (const { level, message, step, task, timestamp } of lines)
      push(journal, "log", { level, message, step, task, timestamp });
    if (job.status !== journal.status) push(journal, "status", { status: job.status });
    if (job.progress.version !== journal.version) push(journal, "progress", progressData(job));
    journal.status = job.status;
    journal.version = job.progress.version;
    if (!hasEnded(job.status)) return;
    const { target, rows } = job.progress;
    push(journal, "run_finished", { status: job.status, target, actual: rows, error: job.errorDetails });
    journal.hasEnded = true;
  };

  /** One poll for all who wait. It belongs to nobody's signal, so that one reader's leaving does not fail the others. */
  const pollOnce = (id: string, journal: Journal): Promise<void> => {
    journal.polling ??= poll(id, journal, new AbortController().signal).finally(() => (journal.polling = undefined));
    return journal.polling;
  };

  return {
    forget: (id) => void journals.delete(id),
    async *events(id, { after, signal }) {
      const journal = journalOf(id);
      let last = after;
      let errors = 0;
      for (;;) {
        if (signal.aborted) return;
        try {
          if (!journal.hasEnded) await pollOnce(id, journal);
          errors = 0;
        } catch (error) {
          errors += 1;
          if (!isTolerable(error) || errors > TOLERATED_ERRORS) throw error;
        }
        for (const event of journal.events.filter(({ seq }) => seq > last)) {
          if (signal.aborted) return;
          yield event;
          last = event.seq;
        }
        if (journal.hasEnded) return;
        if (!(await sleepUnlessAborted(clock, POLL_MS, signal))) return;
      }
    },
    waitForChange: async (id, { version, timeoutMs, signal }) => {
      const deadline = clock.now() + timeoutMs;
      let last: DesignJob | undefined;
      let errors = 0;
      for (;;) {
        signal.throwIfAborted();
        try {
          last = await options.job(id, signal);
          errors = 0;
          if (hasEnded(last.status) || last.progress.version > version) return last;
        } catch (error) {
          errors += 1;
          if (!isTolerable(error) || errors > TOLERATED_ERRORS) throw error;
        }
        const leftMs = deadline - clock.now();
        if (leftMs <= 0 && last !== undefined) return last;
        await clock.sleep(Math.min(POLL_MS, Math.max(leftMs, 1)), signal);
      }
    },
  };
}

/** The oldest events go first; what is left keeps its numbers. */
function push(journal: Journal, type: string, data: Readonly<Record<string, JsonValue>>): void {
  const seq = (journal.events.at(-1)?.seq ?? 0) + 1;
  journal.events.push({ seq, type, data });
  if (journal.events.length > MAX_EVENTS) journal.events.shift();
}

function progressData({ progress }: DesignJob): Readonly<Record<string, JsonValue>> {
  return {
    version: progress.version,
    rows: progress.rows,
    target: progress.target,
    rows_per_second: progress.rowsPerSecond,
    eta_seconds: progress.etaSeconds,
    failed_rows: progress.failedRows,
    input_tokens: progress.inputTokens,
    output_tokens: progress.outputTokens,
  };
}

function isTolerable(error: unknown): boolean {
  return error instanceof ServiceError && error.retryable;
}

async function sleepUnlessAborted(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
