import { Readable } from "node:stream";

import type { EventLog } from "./event-log.ts";

/** Events are written in chunks of about this many characters, so that thousands of small ones are few writes. */
const CHUNK_CHARS = 64 * 1024;
/**
 * After so long without an event a comment sends the head of the answer, which clients wait for before they go on. Runs
 * that begin to speak at once need none.
 */
const OPEN_MS = 20;

export interface EventStreamOptions {
  readonly log: EventLog;
  /** Id of the last event the reader already has; -1 for none. */
  readonly afterId: number;
  /** Pause after which a silent stream carries a comment, so that proxies keep it open. */
  readonly heartbeatMs: number;
  /** Aborts when the reader has gone. */
  readonly signal: AbortSignal;
  /** Modes the reader wants; undefined for all. Life-cycle events are always sent. */
  readonly modes?: readonly string[];
  readonly now: () => number;
}

const ALWAYS = new Set(["metadata", "error", "end"]);

/**
 * One reader's server-sent events: what the log holds after `afterId`, then what comes, until the run ends. It is read
 * only as fast as the socket takes it. A reader that fell behind what the log keeps gets an `error` event and the end.
 */
export function openEventStream({ log, afterId, heartbeatMs, signal, modes, now }: EventStreamOptions): Readable {
  const accepts =
    modes === undefined
      ? () => true
      : (mode: string) => ALWAYS.has(mode) || modes.includes(mode.split("/", 1)[0] ?? mode);

  async function* frames(): AsyncGenerator<string> {
    let position = afterId;
    let isOpen = false;
    let writtenAtMs = now();
    while (!signal.aborted) {
      const { text, lastId, hasGap } = log.read(position, CHUNK_CHARS, accepts);
      if (hasGap) {
        yield gapFrame(position);
        return;
      }
      const hasMoved = lastId > position;
      position = lastId;
      // Events that the reader does not want are no sign of life to it.
      const leftMs = writtenAtMs + (isOpen ? heartbeatMs : Math.min(OPEN_MS, heartbeatMs)) - now();
      if (text !== "") yield text;
      else if (log.isEnded && !hasMoved) {
        if (log.farewell !== "") yield log.farewell;
        return;
      } else if (leftMs <= 0) yield isOpen ? ": heartbeat\n\n" : ": open\n\n";
      else {
        if (!hasMoved) await log.wait(position, leftMs, signal);
        continue;
      }
      isOpen = true;
      writtenAtMs = now();
    }
  }

  return Readable.from(frames(), { objectMode: false });
}

/** What a reader gets last that has the events up to `position` and cannot have the rest. */
export function gapFrame(position: number): string {
  const data = {
    error: "EventsDropped",
    message: `the events after id ${position} are no longer kept; read the thread's state instead`,
  };
  return `event: error\ndata: ${JSON.stringify(data)}\n\n`;
}
