import { Readable } from "node:stream";

import type { FastifyReply } from "fastify";

import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { type DataDesigner, type JobStatus, hasEnded } from "../../../tools/data/designer/designer.ts";

export interface JobEventsOptions {
  readonly designer: DataDesigner;
  readonly id: string;
  /** The last event that the reader has; 0 for none. */
  readonly after: number;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  /** Aborts when the reader has gone. */
  readonly signal: AbortSignal;
}

/**
 * Server-sent events of a job: what it has told after `after`, then what comes, with a comment where nothing comes for a
 * while. `event: end` is the last one of a job that has ended or was deleted; a stream that stops without it is worth asking again.
 */
export async function sendJobEvents(reply: FastifyReply, options: JobEventsOptions): Promise<FastifyReply> {
  const { designer, id } = options;
  // An unknown job is an answer of its own, before the stream.
  await designer.job(id);
  return reply
    .header("content-type", "text/event-stream; charset=utf-8")
    .header("cache-control", "no-store")
    .header("x-accel-buffering", "no")
    .send(Readable.from(frames(options), { objectMode: false }));
}

async function* frames({ designer, id, after, heartbeatMs, clock, signal }: JobEventsOptions): AsyncGenerator<string> {
  const events = designer.events(id, { after, signal })[Symbol.asyncIterator]();
  try {
    // Headers reach the reader at once, also when the job has nothing to tell yet.
    yield ": open\n\n";
    let next = events.next();
    while (!signal.aborted) {
      const timer = new AbortController();
      const silence = clock.sleep(heartbeatMs, timer.signal).then(() => undefined);
      const result = await Promise.race([next, silence]).finally(() => timer.abort());
      if (result === undefined) {
        yield ": heartbeat\n\n";
        continue;
      }
      if (result.done === true) break;
      const { seq, type, data } = result.value;
      yield `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
      next = events.next();
    }
    if (signal.aborted) return;
    const status = await statusOf(designer, id);
    if (status === "deleted" || hasEnded(status)) yield `event: end\ndata: ${JSON.stringify({ status })}\n\n`;
  } finally {
    await events.return?.();
  }
}

/** A job may be deleted while somebody follows it. */
async function statusOf(designer: DataDesigner, id: string): Promise<JobStatus | "deleted"> {
  try {
    return (await designer.job(id)).status;
  } catch (error) {
    if (error instanceof ServiceError && error.code === "not_found") return "deleted";
    throw error;
  }
}

/** The header of a reader that comes back wins over the query, which is part of its first address. */
export function readAfter(header: string | string[] | undefined, query: number | undefined): number {
  if (header === undefined || header === "") return query ?? 0;
  const text = String(header);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const message = "must be the id of an event of this job";
  throw new ServiceError("invalid_input", `Last-Event-ID: ${message}`, {
    problems: [{ field: "Last-Event-ID", message }],
  });
}
