import { Readable } from "node:stream";

import { systemClock } from "../lib/clock.ts";
import type { Config } from "../lib/config.ts";
import { createLog } from "../lib/log.ts";
import { readLanggraphConfig } from "../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON, openService } from "../server/open-service.ts";
import type { Connection } from "./connection.ts";

/** Host of the URLs that never leave this process. */
const URL_IN_PROCESS = "http://nemops.local";

export interface LocalOptions {
  readonly config: Config;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The whole service in this process, reached through Fastify's `inject`: the same routes and the same bytes as over the
 * network, without a port that somebody else on the machine could talk to. Threads are kept under NEMOPS_HOME.
 */
export async function openLocal({ config, headers }: LocalOptions): Promise<Connection> {
  // Only what an operator must know belongs on the terminal of somebody who asked a question.
  const log = createLog({ level: config.logLevel === "info" ? "warn" : config.logLevel });
  const langgraph = await readLanggraphConfig(config.langgraphJson ?? OWN_LANGGRAPH_JSON);
  const service = await openService({ config, langgraph, log, clock: systemClock, whenTaken: "read" });
  return {
    url: URL_IN_PROCESS,
    headers,
    isLocal: true,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      const payload = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
      const response = await service.app.inject({
        // Fastify knows these methods; the CLI sends no others.
        method: request.method as "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
        url: `${pathname}${search}`,
        headers: { ...Object.fromEntries(request.headers), host: "127.0.0.1" },
        ...(payload === undefined ? {} : { payload }),
        payloadAsStream: true,
        signal: request.signal,
      });
      const status = response.statusCode;
      const hasBody = status !== 204 && status !== 304 && request.method !== "HEAD";
      // Node's stream types and the DOM's describe one and the same object.
      const body = hasBody ? (Readable.toWeb(response.stream()) as ReadableStream<Uint8Array>) : null;
      return new Response(body, { status, headers: toHeaders(response.headers) });
    },
    close: () => service.close(),
  };
}

function toHeaders(values: Readonly<Record<string, unknown>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(values)) {
    for (const entry of Array.isArray(value) ? value : [value]) {
      if (entry !== undefined) headers.append(name, String(entry));
    }
  }
  return headers;
}
