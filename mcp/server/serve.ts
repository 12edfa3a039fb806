import type { Readable, Writable } from "node:stream";

import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { createGpuToolContext } from "../../tools/gpu/create-context.ts";
import type { McpServerFactory } from "./create-server.ts";
import { createGpuOpsServer } from "./gpu-ops.ts";
import { serveConnection } from "./serve-connection.ts";

export interface ServeStdioOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  /** Must write to standard error: standard output carries the protocol. */
  readonly log: Log;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
}

interface OpenServer {
  readonly createServer: McpServerFactory;
  close(): Promise<void>;
}

/** The servers that can be started on their own, by the name of the command line and of the URL. */
const STDIO_SERVERS: Readonly<Record<string, (options: ServeStdioOptions) => Promise<OpenServer>>> = {
  "gpu-ops": async ({ config, clock, random, log }) => {
    const context = await createGpuToolContext({ config, clock, random, log });
    return { createServer: createGpuOpsServer({ context, log }), close: () => context.close() };
  },
  "data-designer": async ({ config, clock, random, log }) => {
    // The data engine is loaded only where it is served: it takes longer than all of the other server.
    const { createDataToolContext } = await import("../../tools/data/create-context.ts");
    const { createDataDesignerServer } = await import("./data-designer.ts");
    const context = await createDataToolContext({ config, clock, random, log });
    return { createServer: createDataDesignerServer({ context, log }), close: () => context.close() };
  },
};

export const STDIO_SERVER_NAMES: readonly string[] = Object.keys(STDIO_SERVERS);

/**
 * Serves one of our MCP servers over standard input and output until the input ends or SIGTERM or SIGINT arrives, then
 * releases what it opened. Throws `not_found` for an unknown name.
 */
export async function serveStdio(name: string, options: ServeStdioOptions): Promise<void> {
  const open = STDIO_SERVERS[name];
  if (open === undefined) {
    throw new ServiceError("not_found", `no MCP server ${name}; servers are ${STDIO_SERVER_NAMES.join(", ")}`);
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once("SIGTERM", onSignal);
  process.once("SIGINT", onSignal);
  try {
    const opened = await open(options);
    try {
      const { stdin = process.stdin, stdout = process.stdout, log } = options;
      await serveConnection({ createServer: opened.createServer, stdin, stdout, log, signal: stop.signal });
    } finally {
      await opened.close();
    }
  } finally {
    process.removeListener("SIGTERM", onSignal);
    process.removeListener("SIGINT", onSignal);
  }
}
