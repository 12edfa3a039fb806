import { Readable } from "node:stream";

import type { FastifyReply } from "fastify";

import { ServiceError, errorMessage } from "../../lib/errors.ts";
import { clientGone, whenClosed } from "../client-gone.ts";
import type { EventLog } from "../runs/event-log.ts";
import type { LiveRun } from "../runs/live-runs.ts";
import { openEventStream } from "../runs/sse.ts";
import type { RouteContext } from "./context.ts";

/** Path of a run: stateless ones have no thread that a client could ask for. */
export function runPath(runId: string, threadId: string | undefined): string {
  return threadId === undefined ? `/runs/${runId}` : `/threads/${threadId}/runs/${runId}`;
}

export interface StreamAnswer {
  readonly runId: string;
  readonly log: EventLog;
  /** Path of the run, without `/stream`. */
  readonly path: string;
  /** Id of the last event the client has; -1 for none. */
  readonly afterId: number;
  readonly isCancelledOnDisconnect: boolean;
  readonly modes?: readonly string[];
}

/** Streams a run. Every route that streams one goes through here. */
export function sendEventStream(context: RouteContext, reply: FastifyReply, answer: StreamAnswer): FastifyReply {
  const { runId, log, path, afterId, isCancelledOnDisconnect, modes } = answer;
  const signal = clientGone(reply);
  whenClosed(reply, context.metrics.onStreamOpen());
  if (isCancelledOnDisconnect) stopWhenGone(context, runId, signal);
  const stream = openEventStream({
    log,
    afterId,
    heartbeatMs: context.config.heartbeatMs,
    signal,
    now: () => context.clock.now(),
    ...(modes === undefined ? {} : { modes }),
  });
  return reply
    .header("content-type", "text/event-stream; charset=utf-8")
    .header("cache-control", "no-store")
    .header("x-accel-buffering", "no")
    .header("content-location", path)
    .header("location", `${path}/stream`)
    .send(stream);
}

/**
 * Answers with the final state of a run. A run that takes longer than a heartbeat gets a body that begins with line
 * breaks, which JSON allows, so that proxies keep the connection; its status is 200 by then, whatever the run comes to.
 */
export async function sendFinalState(
  context: RouteContext,
  reply: FastifyReply,
  { live, isCancelledOnDisconnect }: { readonly live: LiveRun; readonly isCancelledOnDisconnect: boolean },
): Promise<FastifyReply> {
  const { heartbeatMs } = context.config;
  const signal = clientGone(reply);
  if (isCancelledOnDisconnect) stopWhenGone(context, live.run.runId, signal);
  reply.header("content-type", "application/json; charset=utf-8");
  const nextBody = async (): Promise<string | undefined> => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), heartbeatMs);
    try {
      return (await Promise.race([live.settled, promise]))?.body;
    } finally {
      clearTimeout(timer);
    }
  };
  const quick = await nextBody();
  if (quick !== undefined) return reply.send(quick);
  async function* chunks(): AsyncGenerator<string> {
    while (!signal.aborted) {
      yield "\n";
      const body = await nextBody();
      if (body !== undefined) {
        yield body;
        return;
      }
    }
  }
  return reply.send(Readable.from(chunks(), { objectMode: false }));
}

function stopWhenGone(context: RouteContext, runId: string, signal: AbortSignal): void {
  const stop = (): void => {
    context.runs.stop(runId, "cancel").catch((error: unknown) => {
      context.log.warn({ run_id: runId, reason: errorMessage(error) }, "run of a client that left is not stopped yet");
    });
  };
  // The client may have left while its run was being accepted.
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
}

/** Where a reader wants to go on. Without the header it sees what comes from now on. */
export function readLastEventId(
  header: string | string[] | undefined,
  log: EventLog,
  { isElsewhere = false }: { readonly isElsewhere?: boolean | undefined } = {},
): number {
  if (header === undefined || header === "") return log.lastId;
  const text = String(header);
  if (!/^-?\d{1,15}$/.test(text)) {
    const message = "must be the id of an event of this run, or -1 for all of them";
    throw new ServiceError("invalid_input", `Last-Event-ID: ${message}`, {
      problems: [{ field: "Last-Event-ID", message }],
    });
  }
  const id = Math.max(Number(text), -1);
  // A reader that comes from the run's own server may be ahead of what has arrived here.
  return isElsewhere && !log.isEnded ? id : Math.min(id, log.lastId);
}
