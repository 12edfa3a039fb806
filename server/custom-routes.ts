import { Readable } from "node:stream";

import type { FastifyPluginCallback, FastifyRequest } from "fastify";

import { ServiceError } from "../lib/errors.ts";
import { clientGone } from "./client-gone.ts";

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

/** Without OPTIONS, which CORS answers for every path. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Routes of one's own: every request that no other route is for goes to `handler`, with its body unread. A bare 404
 * of it, which says that it has no such route either, becomes the service's own.
 */
export const customRoutes = (handler: FetchHandler): FastifyPluginCallback =>
  function registerCustomRoutes(app, _options, done) {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, parsed) => parsed(null, payload));
    const schema = { hide: true };
    const config = { rateLimit: false };
    app.route({
      method: METHODS,
      url: "/*",
      schema,
      config,
      handler: async (request, reply) => {
        const response = await ask(handler, toWebRequest(request, clientGone(reply)));
        if (isNoRoute(response)) {
          reply.callNotFound();
          return reply;
        }
        return reply.send(response);
      },
    });
    done();
  };

/** The app may throw or give anything; what leaves here is an Error or a Response. */
async function ask(handler: FetchHandler, request: Request): Promise<Response> {
  let given: unknown;
  try {
    given = await handler(request);
  } catch (error) {
    throw error instanceof Error ? error : new Error("http.app threw what is no Error", { cause: error });
  }
  if (!isResponse(given)) throw new Error("http.app gave no Response");
  return given;
}

/** By its name: the app may come with its own copy of the class. */
function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === "[object Response]";
}

/** Frameworks say it in plain words or not at all; a 404 about one of their own things has a body of another type. */
function isNoRoute({ status, headers }: Response): boolean {
  return status === 404 && /^(?:text\/plain|$)/.test(headers.get("content-type") ?? "");
}

function toWebRequest(request: FastifyRequest, signal: AbortSignal): Request {
  const { method, url, protocol, headers, raw, body } = request;
  const { bodyLimit } = request.routeOptions;
  const base = `${protocol}://${headers.host ?? "localhost"}`;
  const target = URL.canParse(url, base) ? new URL(url, base) : new URL(url, "http://localhost");
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((item): [string, string] => [name, item]),
  );
  const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
  return new Request(target, {
    method,
    headers: pairs,
    signal,
    // Node's web streams are typed apart from those of fetch; they are the same.
    ...(hasBody ? { body: limited(Readable.toWeb(raw) as ReadableStream, bodyLimit), duplex: "half" } : {}),
  });
}

/** Apps tend to read a body whole; it is no larger than the service's own may be. */
function limited(body: ReadableStream<Uint8Array>, limitBytes: number): ReadableStream<Uint8Array> {
  let sizeBytes = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > limitBytes)
        throw new ServiceError("payload_too_large", `the body is larger than ${limitBytes} bytes`);
      controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(count);
}
