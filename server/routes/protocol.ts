import type { IncomingMessage } from "node:http";

import websocket from "@fastify/websocket";
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import { currentAccess } from "../auth/access.ts";
import { createEventGate } from "../auth/command-access.ts";
import { clientGone, whenClosed } from "../client-gone.ts";
import type { ProtocolContext } from "../protocol/command-context.ts";
import { openProtocolStream } from "../protocol/event-stream.ts";
import { runCommand } from "../protocol/run-command.ts";
import { seqOf, serveSocket } from "../protocol/socket-session.ts";
import type { ThreadHub } from "../protocol/thread-hub.ts";
import { watchRuns } from "../protocol/watch-runs.ts";
import { lastEventIdHeader } from "../openapi/route-docs.ts";
import { AnyThreadId } from "../schemas/common.ts";
import {
  CommandAnswer,
  CommandBody,
  EventStreamRequest,
  ThreadStreamQuery,
  protocolStream,
  threadStream,
} from "../schemas/protocol.ts";
import type { RouteContext } from "./context.ts";
import { createThreadStream } from "./thread-stream.ts";

const tags = ["protocol"];
const params = z.object({ thread_id: AnyThreadId });
const switched = { 101: z.void().describe("The connection is a WebSocket now: events come, commands may be sent.") };

/**
 * Every other offer to switch is passed over, as HTTP allows, and the request is answered as it is. Some clients offer
 * HTTP/2 with each request, and one that Node has switched has lost its body.
 */
function isSocketRequest({ headers, url = "" }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket" && /^\/threads\/[^/]+\/stream(?:\/events)?(?:\?|$)/.test(url);
}

/** The thread-centric protocol: commands, and the events of all runs of a thread as server-sent events or on a socket. */
export const protocolRoutes = (routes: RouteContext & { readonly hub: ThreadHub }): FastifyPluginAsyncZod =>
  async function registerProtocolRoutes(app) {
    const context: ProtocolContext = routes;
    const { hub, runs, clock, config, metrics } = routes;
    const { heartbeatMs } = config;
    await app.register(websocket, { options: { maxPayload: config.bodyLimitBytes } });
    // Node asks its server for this at each request; Fastify has no option that leads there once it has made the server.
    Object.assign(app.server, { shouldUpgradeCallback: isSocketRequest });
    // Node has given the connection of an upgrade away and no longer closes it; one that was refused would stay for ever.
    app.addHook("onResponse", async (request) => {
      // Not `request.ws`: what was refused before that is set has to go, too.
      if (request.raw.headers.upgrade !== undefined) request.raw.socket.destroySoon();
    });

    app.post(
      "/threads/:thread_id/commands",
      {
        schema: {
          tags,
          operationId: "sendThreadCommand",
          summary: "Do one command on a thread",
          params,
          body: CommandBody,
          response: { 200: CommandAnswer },
        },
      },
      async ({ body, headers, params: { thread_id: threadId } }, reply) => {
        const { thread, release } = hub.acquire(threadId);
        try {
          return await runCommand(
            context,
            { thread, headers, access: currentAccess(), signal: clientGone(reply) },
            body,
          );
        } finally {
          release();
        }
      },
    );

    const streamV1 = createThreadStream(routes);
    for (const { path, postId, getId, get } of [
      {
        path: "/threads/:thread_id/stream/events",
        postId: "streamThreadEvents",
        getId: "openThreadSocket",
        get: {
          summary: "Follow a thread on a WebSocket, with commands in band",
          response: switched,
          errors: ["bad_request"],
        },
      },
      {
        path: "/threads/:thread_id/stream",
        postId: "streamThreadEventsShort",
        getId: "joinThreadStream",
        get: {
          summary: "Follow all runs of a thread, as server-sent events or on a WebSocket",
          querystring: ThreadStreamQuery,
          requestHeaders: lastEventIdHeader,
          response: { 200: threadStream, ...switched },
          errors: ["thread_not_found"],
        },
      },
    ] as const) {
      app.post(
        path,
        {
          config: { rateLimit: false },
          schema: {
            tags,
            operationId: postId,
            summary: "Follow a thread across its runs",
            params,
            body: EventStreamRequest,
            requestHeaders: lastEventIdHeader,
            response: { 200: protocolStream },
          },
        },
        async (request, reply) => {
          const { body, headers } = request;
          const { thread, ready, release } = hub.follow(request.params.thread_id);
          whenClosed(reply, release);
          whenClosed(reply, metrics.onStreamOpen());
          await ready;
          await watchRuns(thread, { runs, clock, hub });
          const lastEventId = headers["last-event-id"];
          const stream = openProtocolStream({
            log: thread.log,
            filter: body,
            since: body.since ?? (typeof lastEventId === "string" ? seqOf(lastEventId) : 0),
            heartbeatMs,
            signal: AbortSignal.any([clientGone(reply), hub.closing]),
            now: () => clock.now(),
            canSee: createEventGate(thread.threadId),
          });
          return reply
            .header("content-type", "text/event-stream; charset=utf-8")
            .header("cache-control", "no-store")
            .header("x-accel-buffering", "no")
            .send(stream);
        },
      );

      app.route({
        method: "GET",
        url: path,
        config: { rateLimit: false },
        schema: { tags, operationId: getId, params, ...get },
        onRequest: async (request) => {
          if (request.ws) checkOrigin(request, config.corsOrigins);
        },
        handler: async (request, reply) => {
          if (path.endsWith("/stream")) return streamV1(request, reply);
          throw new ServiceError("bad_request", "open a WebSocket here, or POST {channels} for server-sent events");
        },
        wsHandler: async (socket, request) => {
          const { thread_id: threadId } = params.parse(request.params);
          const { thread, ready, release } = hub.follow(threadId);
          const onClose = metrics.onStreamOpen();
          const target = { thread, headers: request.headers, access: currentAccess() };
          const opened = ready.then(() => watchRuns(thread, { runs, clock, hub }));
          await serveSocket({ context, socket, target, heartbeatMs, opened, canSee: createEventGate(threadId) });
          onClose();
          release();
        },
      });
    }
  };

/** Browsers let any page open a socket to any address, so what CORS does for requests has to be done here. */
function checkOrigin({ headers }: FastifyRequest, allowed: readonly string[]): void {
  const { origin, host } = headers;
  if (origin === undefined || allowed.includes("*") || allowed.includes(origin)) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new ServiceError("forbidden", `pages of ${origin} may not open sockets here; CORS_ORIGINS lists who may`);
}
