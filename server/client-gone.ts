import type { FastifyReply } from "fastify";

/**
 * Aborts when the client goes away before its answer is complete. Fastify's own `request.signal` follows the request's
 * `close` event, which Node also emits as soon as a body has been read, so every POST would look abandoned.
 */
export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenClosed(reply, () => {
    if (!reply.raw.writableFinished) controller.abort(new Error("the client closed the connection"));
  });
  return controller.signal;
}

/** Calls back when the answer is complete or its connection lost; also when that happened already. */
export function whenClosed(reply: FastifyReply, callback: () => void): void {
  if (reply.raw.destroyed) callback();
  else reply.raw.once("close", callback);
}
