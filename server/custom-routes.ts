import { Readable } from "node:stream";

import type { FastifyPluginCallback, FastifyRequest } from "fastify";

/** An app that answers web requests, as Hono's, or the function alone. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** The handler of what `http.app` names. Throws a plain error when it is nothing that answers requests. */
export function toFetchHandler(exported: unknown): FetchHandler {
  if (
    typeof exported === "object" &&
    exported !== null &&
    "fetch" in exported &&
    typeof exported.fetch === "function"
  ) {
    // What such apps have in common: one function from a request to its response.
    const { fetch } = exported as { fetch: FetchHandler };
    return (request) => fetch.call(exported, request);
  }
  // The same function by itself.
  if (typeof exported === "function" && exported.length <= 1) return exported as FetchHandler;
  throw new Error("it is neither an app with fetch(request), such as Hono's, nor such a function");
}

/**
 * Routes of one's own: every request that no other route is for goes to `handler`, with its body unread. A 404 of it is
 * the service's own.
 */
export const customRoutes = (handler: FetchHandler): FastifyPluginCallback =>
  function registerCustomRoutes(app, _options, done) {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, parsed) => parsed(null, payload));
    app.all("/*", { schema: { hide: true }, config: { rateLimit: false } }, async (request, reply) => {
      const response = await handler(toWebRequest(request));
      if (response.status === 404) {
        reply.callNotFound();
        return reply;
      }
      return reply.send(response);
    });
    done();
  };

function toWebRequest({ method, url, protocol, headers, raw, body }: FastifyRequest): Request {
  const base = `${protocol}://${headers.host ?? "localhost"}`;
  const target = URL.canParse(url, base) ? new URL(url, base) : new URL(url, "http://localhost");
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((item): [string, string] => [name, item]),
  );
  const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
  return new Request(target, {
    method,
    headers: pairs,
    // Node's web streams are typed apart from those of fetch; they are the same.
    ...(hasBody ? { body: Readable.toWeb(raw) as ReadableStream, duplex: "half" } : {}),
  });
}
