import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Clock } from "../lib/clock.ts";

/** How long the handlers of requests may take whose clients are gone already. */
const LIMIT_MS = 2_000;

/**
 * Lets the app close only when its handlers are done: one may still ask the store when its connection has been closed, or
 * when it came without one, and the store is closed next. To be registered before the routes.
 */
export function awaitOpenRequests(app: FastifyInstance, clock: Clock): void {
  const open = new Set<FastifyRequest>();
  let onEmpty: () => void = () => undefined;
  const leave = (request: FastifyRequest): void => {
    open.delete(request);
    if (open.size === 0) onEmpty();
  };
  app.addHook("onRequest", (request, reply, done) => {
    // Sockets have an end of their own.
    if (request.headers.upgrade === undefined) {
      open.add(request);
      // One that a handler answers past Fastify is not sent by it.
      reply.raw.once("close", () => {
        if (reply.sent) leave(request);
      });
    }
    done();
  });
  // Also of an answer that nobody reads; one that is a stream ends by its own signal.
  app.addHook("onSend", (request, _reply, _payload, done) => {
    leave(request);
    done();
  });
  app.addHook("onClose", async () => {
    if (open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    onEmpty = resolve;
    const waiting = new AbortController();
    await Promise.race([promise, clock.sleep(LIMIT_MS, waiting.signal).catch(() => undefined)]);
    waiting.abort(new Error("all requests are answered"));
  });
}
