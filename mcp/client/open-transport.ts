import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

import type { Log } from "../../lib/log.ts";
import type { ServerSpec, StdioServerSpec } from "./server-spec.ts";

/** A result of the bound of our own servers, escaped once more as JSON text, stays below this. */
const MAX_MESSAGE_BYTES = 64 * 1_048_576;

/** A client transport that is not started yet; for an in-process server its other end is connected already. */
export async function openTransport(spec: ServerSpec, log: Log): Promise<Transport> {
  switch (spec.transport) {
    case "stdio":
      return openStdio(spec, log);
    case "http":
      return new StreamableHTTPClientTransport(new URL(spec.url), {
        ...(spec.headers !== undefined && { requestInit: { headers: { ...spec.headers } } }),
      });
    case "memory":
    case undefined: {
      const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
      await spec.createServer().connect(serverEnd);
      return clientEnd;
    }
  }
}

/** What the child writes to stderr goes to our log: standard error and output belong to the command line. */
function openStdio(spec: StdioServerSpec, log: Log): StdioClientTransport {
  const transport = new StdioClientTransport({
    command: spec.command,
    args: [...(spec.args ?? [])],
    stderr: "pipe",
    maxBufferSize: MAX_MESSAGE_BYTES,
    ...(spec.env !== undefined && { env: { ...spec.env } }),
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
  });
  transport.stderr?.on("data", (chunk: Buffer) => {
    log.debug({ server: spec.name, text: chunk.toString("utf8").slice(0, 2_000).trimEnd() }, "mcp server stderr");
  });
  return transport;
}
