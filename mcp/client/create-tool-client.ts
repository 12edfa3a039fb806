import { McpError, type Tool } from "@modelcontextprotocol/sdk/types.js";

import type { Clock } from "../../lib/clock.ts";
import { errorMessage, ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { ConnectionError, createServerConnection, type ServerConnection } from "./connection.ts";
import type { ServerSpec } from "./server-spec.ts";
import { buildCatalogue, type Catalogue } from "./tool-catalogue.ts";
import type { ToolCallOptions, ToolClient, ToolOutcome } from "./tool-client.ts";
import { canRetry } from "./tool-policy.ts";
import { toOutcome } from "./tool-result.ts";

export interface ToolClientOptions {
  /** In order of precedence for tool names. */
  readonly servers: readonly ServerSpec[];
  /** Longest silence of a call: progress starts it again. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Shown to the servers; default `0`. */
  readonly clientVersion?: string;
}

const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 100;
/** A further server that was down is asked again after this. */
const RETRY_OPTIONAL_MS = 30_000;

/** Connects when first used. Throws when two servers share a name. */
export function createToolClient(options: ToolClientOptions): ToolClient {
  const { servers, timeoutMs, clock, random, log, clientVersion = "0" } = options;
  const names = servers.map((server) => server.name);
  if (new Set(names).size !== names.length) throw new Error(`two MCP servers share a name: ${names.join(", ")}`);

  let known: { catalogue: Promise<Catalogue>; validUntilMs: number } | undefined;
  let isClosed = false;
  const onToolsChanged = (): void => {
    known = undefined;
  };
  const connections: readonly ServerConnection[] = servers.map((spec) =>
    createServerConnection({ spec, timeoutMs, clock, log, clientVersion, onToolsChanged }),
  );

  async function retrying<Result>(isSafe: boolean, signal: AbortSignal | undefined, run: () => Promise<Result>) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await run();
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || isClosed || !mayRepeat(error, isSafe)) throw error;
        const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random() / 2);
        log.debug({ attempt, pause_ms: pauseMs, reason: errorMessage(error) }, "mcp request is sent again");
        await clock.sleep(pauseMs, signal);
      }
    }
  }

  async function loadCatalogue(): Promise<Catalogue> {
    const listings = await Promise.all(
      connections.map(async (connection) => {
        try {
          // Nobody waits for a second try of a server that the agents can do without.
          const list = (): Promise<readonly Tool[]> => connection.listTools();
          const isOptional = connection.spec.isOptional === true;
          return { connection, tools: await (isOptional ? list() : retrying(true, undefined, list)) };
        } catch (error) {
          if (connection.spec.isOptional !== true) throw asServiceError(error);
          log.warn(
            { server: connection.spec.name, reason: errorMessage(error) },
            "mcp server is down, its tools are left out",
          );
          return { connection, tools: undefined };
        }
      }),
    );
    return buildCatalogue(listings, log);
  }

  async function getCatalogue(): Promise<Catalogue> {
    if (isClosed) throw new ServiceError("unavailable", "the tool client is closed");
    if (known !== undefined && clock.now() < known.validUntilMs) return known.catalogue;
    // Callers that ask meanwhile share the listing; while it runs it is valid.
    const entry = { catalogue: loadCatalogue(), validUntilMs: Number.POSITIVE_INFINITY };
    known = entry;
    try {
      const catalogue = await entry.catalogue;
      if (!catalogue.isComplete) entry.validUntilMs = clock.now() + RETRY_OPTIONAL_MS;
      return catalogue;
    } catch (error) {
      if (known === entry) known = undefined;
      throw error;
    }
  }

  async function call(
    name: string,
    args: Readonly<Record<string, unknown>>,
    callOptions: ToolCallOptions = {},
  ): Promise<ToolOutcome> {
    const { signal } = callOptions;
    signal?.throwIfAborted();
    const catalogue = await getCatalogue();
    const entry = catalogue.tools.get(name);
    if (entry === undefined) throw catalogue.explainAbsence(name);
    try {
      return toOutcome(
        await retrying(canRetry(entry.description), signal, () =>
          entry.connection.call(entry.remoteName, args, callOptions),
        ),
      );
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof McpError) return refusedOutcome(error);
      throw asServiceError(error);
    }
  }

  return {
    listTools: async () => [...(await getCatalogue()).tools.values()].map((entry) => entry.description),
    call,
    close: async () => {
      isClosed = true;
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

/** A call that never arrived may be sent again whatever it does; one that may have arrived only when that is harmless. */
function mayRepeat(error: unknown, isSafe: boolean): boolean {
  if (error instanceof ConnectionError) return isSafe || !error.isDelivered;
  return isSafe && error instanceof ServiceError && error.code === "timed_out";
}

/** The server answered with a protocol error: for the model that is a tool that failed. */
function refusedOutcome(error: McpError): ToolOutcome {
  const structured = { error: error.message, code: "tool_failed" };
  return { isError: true, text: JSON.stringify(structured), structured };
}

function asServiceError(error: unknown): unknown {
  if (error instanceof ConnectionError) return new ServiceError("tool_failed", error.message, { cause: error });
  return error;
}
