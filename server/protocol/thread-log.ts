import { type EventAddress, type EventFilter, matchesFilter } from "./event-filter.ts";

/** Bounds of one thread's log. The oldest events go first; a reader that still needed them goes on with what is left. */
const MAX_EVENTS = 50_000;
const MAX_CHARS = 16 * 1024 * 1024;
/** Dropped entries are cut off the array only now and then, because cutting moves what is left. */
const COMPACT_AT = 1024;

/** An event as it is sent: serialised once, however many read it. */
export interface ThreadEvent extends EventAddress {
  readonly seq: number;
  readonly eventId: string;
  readonly method: string;
  /** The whole envelope. */
  readonly json: string;
}

export interface ThreadBatch {
  readonly events: readonly ThreadEvent[];
  /** Where to read on. */
  readonly position: number;
}

/** The events of one thread across its runs. A reader keeps only its position, so a slow one costs nothing. */
export interface ThreadLog {
  append(event: ThreadEvent): void;
  /** Position of the first event after `seq`; of the oldest one kept when that is gone. */
  after(seq: number): number;
  /** Position behind the newest event. */
  readonly end: number;
  /** Number of the oldest event kept; 0 when there is none. */
  readonly firstSeq: number;
  /** Events that any of the filters wants, from `position` and before `until`, at most about `maxChars` of them. */
  read(position: number, filters: readonly EventFilter[], maxChars: number, until?: number): ThreadBatch;
  /** True when something happened, false after `timeoutMs` of silence or when the signal aborted. */
  wait(position: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** Whether the event is still kept. */
  has(eventId: string): boolean;
  readonly size: number;
  clear(): void;
}

export function createThreadLog(onSize: (change: number) => void): ThreadLog {
  let entries: ThreadEvent[] = [];
  let head = 0;
  /** Position of `entries[head]`. */
  let start = 0;
  let size = 0;
  const waiting = new Set<() => void>();

  const grow = (change: number): void => {
    size += change;
    onSize(change);
  };
  const end = (): number => start + entries.length - head;
  const isTooLarge = (): boolean => {
    const count = entries.length - head;
    return count > MAX_EVENTS || (count > 1 && size > MAX_CHARS);
  };
  const dropOldest = (): void => {
    grow(-(entries[head]?.json.length ?? 0));
    head += 1;
    start += 1;
    if (head >= COMPACT_AT && head * 2 >= entries.length) {
      entries = entries.slice(head);
      head = 0;
    }
  };

  return {
    append(event) {
      entries.push(event);
      grow(event.json.length);
      while (isTooLarge()) dropOldest();
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
    after(seq) {
      let low = head;
      let high = entries.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((entries[middle]?.seq ?? Infinity) <= seq) low = middle + 1;
        else high = middle;
      }
      return start + low - head;
    },
    get end() {
      return end();
    },
    get firstSeq() {
      return entries[head]?.seq ?? 0;
    },
    read(position, filters, maxChars, until = Infinity) {
      const events: ThreadEvent[] = [];
      let chars = 0;
      let at = Math.max(position, start);
      for (; at < Math.min(end(), until) && chars < maxChars; at += 1) {
        const event = entries[head + at - start];
        if (event === undefined || !filters.some((filter) => matchesFilter(event, filter))) continue;
        events.push(event);
        chars += event.json.length;
      }
      return { events, position: at };
    },
    wait(position, timeoutMs, signal) {
      if (end() > position) return Promise.resolve(true);
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
    has: (eventId) => entries.some((event, index) => index >= head && event.eventId === eventId),
    get size() {
      return size;
    },
    clear() {
      grow(-size);
      start = end();
      entries = [];
      head = 0;
    },
  };
}
