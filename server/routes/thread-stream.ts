import { Readable } from "node:stream";

import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import { clientGone, whenClosed } from "../client-gone.ts";
import type { ThreadHub } from "../protocol/thread-hub.ts";
import { openThreadRuns } from "../protocol/thread-runs.ts";
import { AnyThreadId } from "../schemas/common.ts";
import { THREAD_STREAM_MODES, ThreadStreamMode, ThreadStreamQuery } from "../schemas/protocol.ts";
import type { RouteContext } from "./context.ts";
import { readNames } from "./query-list.ts";

/** `GET /threads/{id}/stream` of the run-centric API: all runs of a thread on one stream, until the reader leaves. */
export function createThreadStream({
  store,
  runs,
  hub,
  config,
  clock,
  metrics,
}: RouteContext & { readonly hub: ThreadHub }): (
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply> {
  return async (request, reply) => {
    const threadId = readThreadId(request.params);
    const modes = readModes(request.query);
    if ((await store.threads.get(threadId)) === undefined) {
      throw new ServiceError("thread_not_found", "Thread not found");
    }
    const { thread, ready, release } = hub.follow(threadId);
    whenClosed(reply, release);
    whenClosed(reply, metrics.onStreamOpen());
    await ready;
    const lastEventId = request.headers["last-event-id"];
    const frames = openThreadRuns({
      thread,
      runs,
      store,
      clock,
      modes,
      lastEventId: typeof lastEventId === "string" && lastEventId !== "" ? lastEventId : undefined,
      heartbeatMs: config.heartbeatMs,
      signal: AbortSignal.any([clientGone(reply), hub.closing]),
    });
    return reply
      .header("content-type", "text/event-stream; charset=utf-8")
      .header("cache-control", "no-store")
      .header("x-accel-buffering", "no")
      .header("content-location", `/threads/${threadId}/stream`)
      .header("location", `/threads/${threadId}/stream`)
      .send(Readable.from(frames, { objectMode: false }));
  };
}

function readThreadId(params: unknown): string {
  const parsed = z.object({ thread_id: AnyThreadId }).safeParse(params);
  if (parsed.success) return parsed.data.thread_id;
  throw invalid("thread_id", "must be a UUID");
}

function readModes(query: unknown): readonly z.infer<typeof ThreadStreamMode>[] {
  const { stream_mode: given = [] } = ThreadStreamQuery.parse(query);
  const names = readNames(given);
  return names.length === 0
    ? ["run_modes"]
    : names.map((name) => {
        const mode = ThreadStreamMode.safeParse(name);
        if (!mode.success) throw invalid("stream_mode", `must be of ${THREAD_STREAM_MODES.join(", ")}`);
        return mode.data;
      });
}

function invalid(field: string, message: string): ServiceError {
  return new ServiceError("invalid_input", `${field}: ${message}`, { problems: [{ field, message }] });
}
