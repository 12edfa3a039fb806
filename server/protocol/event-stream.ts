import { Readable } from "node:stream";

import type { EventFilter } from "./event-filter.ts";
import type { ThreadEvent, ThreadLog } from "./thread-log.ts";

/** Events are written in chunks of about this many characters, so that thousands of small ones are few writes. */
const CHUNK_CHARS = 64 * 1024;

export interface ProtocolStreamOptions {
  readonly log: ThreadLog;
  readonly filter: EventFilter;
  /** Seq after which the reader goes on; 0 for everything that is kept. */
  readonly since: number;
  readonly heartbeatMs: number;
  /** Aborts when the reader has gone or the server stops. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Whether the reader may see the thread, asked before its events are sent; without it everybody may. */
  readonly canSee?: (() => Promise<boolean>) | undefined;
}

/**
 * One reader's server-sent events: what the thread's log holds, then what comes, across runs, until the reader leaves. It
 * is read only as fast as the socket takes it. A reader that fell behind what is kept goes on with the oldest event left.
 */
export function openProtocolStream(options: ProtocolStreamOptions): Readable {
  const { log, filter, since, heartbeatMs, signal, now, canSee } = options;

  async function* frames(): AsyncGenerator<string> {
    // Sends the headers: clients wait for them before they go on.
    yield ": open\n\n";
    let position = log.after(since);
    let writtenAtMs = now();
    while (!signal.aborted) {
      const batch = log.read(position, [filter], CHUNK_CHARS);
      const hasMoved = batch.position > position;
      position = batch.position;
      if (batch.events.length > 0) {
        if (canSee !== undefined && !(await canSee())) return;
        yield batch.events.map(toFrame).join("");
        writtenAtMs = now();
        continue;
      }
      // Events that the reader does not want are no sign of life to it.
      const leftMs = writtenAtMs + heartbeatMs - now();
      if (leftMs <= 0) {
        yield ": heartbeat\n\n";
        writtenAtMs = now();
      } else if (!hasMoved) await log.wait(position, leftMs, signal);
    }
  }

  return Readable.from(frames(), { objectMode: false });
}

function toFrame({ method, eventId, json }: ThreadEvent): string {
  return `id: ${eventId}\nevent: ${method}\ndata: ${json}\n\n`;
}
