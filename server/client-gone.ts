import type { FastifyReply } from "fastify";

/**
 * Aborts when the client goes away before its answer is complete. Fastify's own `request.signal` follows the request's
 * `close` event, which Node also emits as soon as a body has been read, so every POST would look abandoned.
 */
export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort(new Error("the client closed the connection"));
  });
  return controller.signal;
}
