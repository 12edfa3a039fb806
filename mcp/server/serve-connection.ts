import type { Readable, Writable } from "node:stream";

import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

import { errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { McpServerFactory } from "./create-server.ts";

/** Longest message read from standard input: a pasted log of 32 MiB, escaped as JSON, fits. */
const MAX_MESSAGE_BYTES = 64 * 1_048_576;

export interface ServeConnectionOptions {
  readonly createServer: McpServerFactory;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly log: Log;
  /** Ends serving. */
  readonly signal?: AbortSignal;
}

/** Serves one client over a pair of streams until its input ends, its output breaks, or the signal aborts. Never rejects. */
export async function serveConnection(options: ServeConnectionOptions): Promise<void> {
  const { createServer, stdin, stdout, log, signal } = options;
  const server = createServer();
  const ended = new Promise<void>((resolve) => {
    const end = (): void => resolve();
    stdin.once("end", end);
    stdin.once("close", end);
    // A client that went away shows as EPIPE on every write that is still to come; nobody is left to tell.
    stdout.on("error", end);
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted === true) resolve();
  });
  const transport = new StdioServerTransport(stdin, stdout, { maxBufferSize: MAX_MESSAGE_BYTES });
  // The SDK's protocol object has one error callback and no event target.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  server.server.onerror = (error) => log.warn({ reason: errorMessage(error) }, "mcp message not understood");
  await server.connect(transport);
  await ended;
  await server.close();
}
