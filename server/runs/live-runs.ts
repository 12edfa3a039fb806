import type { Run, StopRequest } from "../store/runs.ts";
import type { EventLog } from "./event-log.ts";
import type { EventWriter } from "./event-writer.ts";
import type { RunStatus } from "./run-status.ts";

/** How a run ended, for those who wait for it. */
export interface RunResult {
  readonly status: RunStatus;
  /** Body of `/wait` and `/join`: the final state, or `{"__error__": {error, message}}`. */
  readonly body: string;
}

/** `lost`: the run is another process's now, or was deleted. */
export type StopReason = StopRequest | "timeout" | "shutdown" | "lost";

/** A run that this process executes or has lately executed, or one that it follows for its own readers. */
export interface LiveRun {
  readonly run: Run;
  /** Empty for a run that is executed elsewhere. */
  readonly graphId: string;
  /** This process as it was when it took the run. */
  readonly owner: string;
  /** Another process executes the run, or is going to: events, status and end come from the store. */
  readonly isElsewhere: boolean;
  /** Found unfinished when the process started: it may have got somewhere already. */
  readonly isRecovered: boolean;
  status: RunStatus;
  /** When execution started; when it was accepted as long as it has not. */
  startedAtMs: number;
  readonly log: EventLog;
  readonly writer: EventWriter;
  readonly abort: AbortController;
  /** Set before `abort` is aborted. */
  stopReason: StopReason | undefined;
  /** Resolves when the outcome is stored and the log has ended. Never rejects. */
  readonly settled: Promise<RunResult>;
  readonly settle: (result: RunResult) => void;
}

/** Ended runs kept for readers that come (back) late, all of them together. */
const MAX_ENDED_RUNS = 1_000;
const MAX_ENDED_CHARS = 64 * 1024 * 1024;
/** All logs together. Ended ones go first, then the oldest events of the longest log. */
const MAX_CHARS = 256 * 1024 * 1024;
/** What a long log loses at a time, so that the longest need not be looked for at every event. */
const SHED_CHARS = 4 * 1024 * 1024;
export const KEEP_RESUMABLE_MS = 120_000;
const KEEP_OTHER_MS = 10_000;

export interface LiveRunsOptions {
  readonly maxChars?: number;
  /** The events of an ended resumable run are not needed any more. */
  readonly onExpire?: (runId: string) => void;
}

export interface LiveRuns {
  add(live: LiveRun): void;
  get(runId: string): LiveRun | undefined;
  /** Also those that are executed elsewhere. */
  ofThread(threadId: string): readonly LiveRun[];
  /** Runs of this process that have not ended. */
  unfinished(): readonly LiveRun[];
  /** Runs that are executed elsewhere and have not ended. */
  elsewhere(): readonly LiveRun[];
  /** Keeps an ended run for its time, or drops it at once when nobody can ask for it. */
  retire(live: LiveRun, options: { readonly isReachable: boolean }): void;
  remove(runId: string): void;
  /** To be told by every log of these runs how it grows. */
  readonly onResize: (chars: number) => void;
  /** Characters in all logs. */
  readonly size: number;
  close(): void;
}

/** The event logs of runs, from acceptance until some time after the end. Bounded in number, size and time. */
export function createLiveRuns({ maxChars = MAX_CHARS, onExpire }: LiveRunsOptions = {}): LiveRuns {
  const live = new Map<string, LiveRun>();
  const ended = new Map<string, { readonly size: number; readonly timer: NodeJS.Timeout }>();
  let endedChars = 0;
  let size = 0;

  const drop = (runId: string): void => {
    const entry = ended.get(runId);
    if (entry !== undefined) {
      clearTimeout(entry.timer);
      endedChars -= entry.size;
      ended.delete(runId);
    }
    size -= live.get(runId)?.log.size ?? 0;
    live.delete(runId);
  };
  const open = (): LiveRun[] => [...live.values()].filter((entry) => !ended.has(entry.run.runId));
  const isFull = (): boolean => size > maxChars;
  const makeRoom = (): void => {
    for (const oldest of ended.keys()) {
      if (!isFull()) return;
      drop(oldest);
    }
    while (isFull()) {
      let longest: LiveRun | undefined;
      for (const entry of live.values()) if (entry.log.size > (longest?.log.size ?? 0)) longest = entry;
      if (longest === undefined) return;
      longest.log.shed(Math.min(SHED_CHARS, Math.ceil(longest.log.size / 2)));
    }
  };

  return {
    add: (entry) => {
      const former = live.get(entry.run.runId);
      if (former !== undefined && former.log !== entry.log) size -= former.log.size;
      live.set(entry.run.runId, entry);
    },
    get: (runId) => live.get(runId),
    ofThread: (threadId) => [...live.values()].filter((entry) => entry.run.threadId === threadId),
    unfinished: () => open().filter(({ isElsewhere }) => !isElsewhere),
    elsewhere: () => open().filter(({ isElsewhere }) => isElsewhere),
    retire(entry, { isReachable }) {
      const { runId, kwargs } = entry.run;
      if (!isReachable) {
        drop(runId);
        return;
      }
      const expire = (): void => {
        drop(runId);
        if (kwargs.resumable) onExpire?.(runId);
      };
      const timer = setTimeout(expire, kwargs.resumable ? KEEP_RESUMABLE_MS : KEEP_OTHER_MS);
      timer.unref();
      ended.set(runId, { size: entry.log.size, timer });
      endedChars += entry.log.size;
      for (const oldest of ended.keys()) {
        if (ended.size <= MAX_ENDED_RUNS && endedChars <= MAX_ENDED_CHARS) break;
        drop(oldest);
      }
    },
    remove: drop,
    onResize(chars) {
      size += chars;
      if (chars > 0 && isFull()) makeRoom();
    },
    get size() {
      return size;
    },
    close() {
      for (const { timer } of ended.values()) clearTimeout(timer);
      ended.clear();
      live.clear();
      size = 0;
    },
  };
}
