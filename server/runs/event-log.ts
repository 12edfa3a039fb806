import type { RunEventBatch, RunEventEntry } from "../store/run-events.ts";

/** Bounds of one run's log. The oldest events go first; a reader that still needed them is told so. */
const MAX_EVENTS = 100_000;
const MAX_CHARS = 64 * 1024 * 1024;
/** Dropped entries are cut off the array only now and then, because cutting moves what is left. */
const COMPACT_AT = 1024;

interface LogEntry {
  /** Mode without namespace, so that a reader can choose. */
  readonly mode: string;
  readonly frame: string;
}

export interface LogBatch {
  /** Server-sent-event frames, ready to be written; empty when there is nothing new. */
  readonly text: string;
  /** Id of the last event looked at, to read on from. */
  readonly lastId: number;
  /** The reader asked for events that are no longer kept. */
  readonly hasGap: boolean;
}

export interface EventLog {
  /** Adds an event; `dataJson` is one JSON text. Ignored after the end. */
  append(event: string, dataJson: string): void;
  /** Drops what is kept; the next event has this id. For events whose ids somebody else gives. */
  skipTo(nextId: number): void;
  /**
   * Nothing follows; readers finish once they have read everything. `farewell` is a frame without an id that they get
   * last: it is about this process and no part of the run.
   */
  end(farewell?: string): void;
  readonly isEnded: boolean;
  readonly farewell: string;
  /** Drops about as many characters, oldest first. */
  shed(chars: number): void;
  /** Characters kept. */
  readonly size: number;
  /** Id of the newest event; -1 before the first. */
  readonly lastId: number;
  /** Id of the oldest event kept. */
  readonly firstId: number;
  /** Events after `afterId` (exclusive), at most about `maxChars` of them. */
  read(afterId: number, maxChars: number, accepts: (mode: string) => boolean): LogBatch;
  /** The same as names and data, from the oldest event after `afterId` that is kept; to be stored. */
  entries(afterId: number, maxChars: number): RunEventBatch;
  /** True when something happened, false after `timeoutMs` of silence or when the signal aborted. */
  wait(afterId: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}

export interface EventLogOptions {
  /** Id of the first event; 0 unless the log goes on where one of a former process ended. */
  readonly firstId?: number;
  /** Told how many characters more (or less) are kept. */
  readonly onResize?: (chars: number) => void;
}

/**
 * The events of one run, in order, for any number of readers. Ids count up by one. Each event is serialised once, here,
 * however many read it; a reader keeps only its position, so a slow one costs nothing.
 */
export function createEventLog(options: EventLogOptions = {}): EventLog {
  const onResize = options.onResize ?? ((): void => undefined);
  let entries: LogEntry[] = [];
  let head = 0;
  /** Id of `entries[head]`. */
  let firstId = options.firstId ?? 0;
  let size = 0;
  let isEnded = false;
  let farewell = "";
  const waiting = new Set<() => void>();

  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  const isTooLarge = (): boolean => size > MAX_CHARS || entries.length - head > MAX_EVENTS;
  const dropOldest = (): void => {
    size -= entries[head]?.frame.length ?? 0;
    head += 1;
    firstId += 1;
    if (head >= COMPACT_AT && head * 2 >= entries.length) {
      entries = entries.slice(head);
      head = 0;
    }
  };
  const lastId = (): number => firstId + (entries.length - head) - 1;

  return {
    append(event, dataJson) {
      if (isEnded) return;
      const name = event.replace(/[\r\n]+/g, " ");
      const frame = `id: ${lastId() + 1}\nevent: ${name}\ndata: ${dataJson}\n\n`;
      entries.push({ mode: name.split("|", 1)[0] ?? name, frame });
      const before = size;
      size += frame.length;
      while (isTooLarge()) dropOldest();
      onResize(size - before);
      wake();
    },
    skipTo(nextId) {
      const before = size;
      entries = [];
      head = 0;
      size = 0;
      firstId = nextId;
      onResize(-before);
    },
    shed(chars) {
      const before = size;
      const isEnough = (): boolean => size === 0 || before - size >= chars;
      while (!isEnough()) dropOldest();
      onResize(size - before);
    },
    end(lastFrame = "") {
      farewell = lastFrame;
      isEnded = true;
      wake();
    },
    get isEnded() {
      return isEnded;
    },
    get farewell() {
      return farewell;
    },
    get size() {
      return size;
    },
    get lastId() {
      return lastId();
    },
    get firstId() {
      return firstId;
    },
    read(afterId, maxChars, accepts) {
      if (afterId + 1 < firstId) return { text: "", lastId: afterId, hasGap: true };
      let text = "";
      let id = afterId;
      for (let index = head + (afterId + 1 - firstId); index < entries.length; index += 1) {
        const entry = entries[index];
        if (entry === undefined || text.length >= maxChars) break;
        if (accepts(entry.mode)) text += entry.frame;
        id += 1;
      }
      return { text, lastId: id, hasGap: false };
    },
    entries(afterId, maxChars) {
      const firstSeq = Math.max(afterId + 1, firstId);
      const found: RunEventEntry[] = [];
      let chars = 0;
      for (let index = head + firstSeq - firstId; index < entries.length && chars < maxChars; index += 1) {
        const frame = entries[index]?.frame ?? "";
        chars += frame.length;
        found.push(parseFrame(frame));
      }
      return { firstSeq, entries: found };
    },
    wait(afterId, timeoutMs, signal) {
      if (isEnded || lastId() > afterId) return Promise.resolve(true);
      if (signal.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const settle = (happened: boolean): void => {
          clearTimeout(timer);
          waiting.delete(onEvent);
          signal.removeEventListener("abort", onAbort);
          resolve(happened);
        };
        const onEvent = (): void => settle(true);
        const onAbort = (): void => settle(false);
        const timer = setTimeout(onAbort, timeoutMs);
        waiting.add(onEvent);
        signal.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
}

/** The other way round of what `append` makes: neither names nor JSON have line breaks. */
function parseFrame(frame: string): RunEventEntry {
  const name = frame.indexOf("\nevent: ") + "\nevent: ".length;
  const data = frame.indexOf("\ndata: ", name);
  return [frame.slice(name, data), frame.slice(data + "\ndata: ".length, -2)];
}
