import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport, StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  type CallToolResult,
  CallToolResultSchema,
  ErrorCode,
  McpError,
  type Tool,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

import type { Clock } from "../../lib/clock.ts";
import { errorMessage, ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { createLazyValidator, trustingValidator } from "../lazy-validator.ts";
import { withDeadline } from "./deadline.ts";
import { openTransport } from "./open-transport.ts";
import type { ServerSpec } from "./server-spec.ts";
import type { ToolCallOptions } from "./tool-client.ts";

/** A server that lists more tools than this is not offered whole: a model cannot use them. */
const MAX_TOOLS_PER_SERVER = 512;

/** Connecting and listing involve no work of a tool: a server that takes longer is taken for down. */
const CONNECT_TIMEOUT_MS = 10_000;

/** The call did not get its answer. `isDelivered` is false when the server has certainly not seen it. */
export class ConnectionError extends Error {
  readonly isDelivered: boolean;

  constructor(message: string, isDelivered: boolean, cause: unknown) {
    super(message, { cause });
    this.name = "ConnectionError";
    this.isDelivered = isDelivered;
  }
}

export interface ServerConnection {
  readonly spec: ServerSpec;
  /** Kept until the connection ends or the server says that its list has changed. */
  listTools(signal?: AbortSignal): Promise<readonly Tool[]>;
  /** Rejects with ConnectionError, ServiceError `timed_out`, McpError (the server refused), or the signal's reason. */
  call(name: string, args: Readonly<Record<string, unknown>>, options: ToolCallOptions): Promise<CallToolResult>;
  close(): Promise<void>;
}

export interface ServerConnectionOptions {
  readonly spec: ServerSpec;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly clientVersion: string;
  /** The tools may have changed: the connection was lost or the server said so. */
  readonly onToolsChanged: () => void;
}

interface Link {
  readonly client: Client;
  tools?: Promise<readonly Tool[]>;
}

/** One server: connects when first used, and again after the connection was lost. */
export function createServerConnection(options: ServerConnectionOptions): ServerConnection {
  const { spec, timeoutMs, clock, log, clientVersion, onToolsChanged } = options;
  const connectTimeoutMs = Math.min(timeoutMs, CONNECT_TIMEOUT_MS);
  let current: Promise<Link> | undefined;

  async function connect(): Promise<Link> {
    const isOwn = "createServer" in spec;
    const client = new Client(
      { name: "nemops", version: clientVersion },
      { jsonSchemaValidator: isOwn ? trustingValidator : createLazyValidator() },
    );
    const link: Link = { client };
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      delete link.tools;
      onToolsChanged();
    });
    try {
      const transport = await openTransport(spec, log);
      await withDeadline({ clock, timeoutMs: connectTimeoutMs }, ({ signal }) =>
        client.connect(transport, { signal, timeout: NEVER_MS }),
      );
    } catch (error) {
      await closeQuietly(client);
      throw new ConnectionError(`cannot reach MCP server ${spec.name}: ${errorMessage(error)}`, false, error);
    }
    return link;
  }

  function getLink(): Promise<Link> {
    if (current !== undefined) return current;
    const opening = connect();
    current = opening;
    opening.then(
      ({ client }) => {
        // The SDK's client has one close callback and no event target.
        // oxlint-disable-next-line unicorn/prefer-add-event-listener
        client.onclose = () => forget(opening);
      },
      () => {
        if (current === opening) current = undefined;
      },
    );
    return opening;
  }

  function forget(link: Promise<Link>): void {
    if (current !== link) return;
    current = undefined;
    onToolsChanged();
  }

  /** Runs one request under the silence limit and sorts its failure. */
  async function request<Result>(
    { signal, onProgress }: ToolCallOptions,
    send: (client: Link, request: SentRequest) => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const opening = getLink();
    const link = await opening;
    return withDeadline({ clock, timeoutMs, signal }, async (deadline) => {
      try {
        return await send(link, {
          signal: deadline.signal,
          timeout: NEVER_MS,
          onprogress: ({ progress, total, message }) => {
            deadline.renew();
            onProgress?.({ done: progress, ...(total !== undefined && { total }), ...(message && { message }) });
          },
        });
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (deadline.hasPassed()) {
          throw new ServiceError("timed_out", `MCP server ${spec.name} did not answer within ${timeoutMs} ms`);
        }
        const failure = sortFailure(error, spec.name);
        if (failure instanceof ConnectionError) {
          forget(opening);
          await closeQuietly(link.client);
        }
        throw failure;
      }
    });
  }

  return {
    spec,
    listTools: (signal) =>
      request({ signal }, (link, sent) => {
        // One listing serves all who ask meanwhile, so it does not stop with the first caller's signal.
        link.tools ??= listAll(link.client, { ...sent, signal: AbortSignal.timeout(connectTimeoutMs) }).catch(
          (error: unknown) => {
            delete link.tools;
            throw error;
          },
        );
        return link.tools;
      }),
    call: (name, args, call) =>
      request(call, ({ client }, sent) => {
        const params = { name, arguments: { ...args }, ...(call.meta !== undefined && { _meta: { ...call.meta } }) };
        // callTool's type also allows the result shape of protocol 2024-10-07, which this schema excludes.
        return client.callTool(params, CallToolResultSchema, sent) as Promise<CallToolResult>;
      }),
    close: async () => {
      const closing = current;
      current = undefined;
      const link = await closing?.catch(() => undefined);
      if (link !== undefined) await closeQuietly(link.client);
    },
  };
}

interface SentRequest {
  readonly signal: AbortSignal;
  readonly timeout: number;
  readonly onprogress: (progress: { progress: number; total?: number; message?: string }) => void;
}

/** The largest delay a timer takes. Time limits are ours, on the injected clock, so the SDK's own must not fire. */
const NEVER_MS = 2_147_483_647;

async function listAll(client: Client, sent: SentRequest): Promise<readonly Tool[]> {
  const tools: Tool[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listTools(cursor === undefined ? undefined : { cursor }, sent);
    tools.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor !== undefined && tools.length < MAX_TOOLS_PER_SERVER);
  return tools.slice(0, MAX_TOOLS_PER_SERVER);
}

function sortFailure(error: unknown, server: string): Error {
  if (error instanceof McpError && error.code !== (ErrorCode.ConnectionClosed as number)) return error;
  // 404 is how a server says that it no longer knows the session: it did not look at the call.
  const isUnseen = error instanceof StreamableHTTPError && error.code === 404;
  const isUnsent = error instanceof Error && (error.message === "Not connected" || isRefusedConnection(error));
  return new ConnectionError(
    `lost the connection to MCP server ${server}: ${errorMessage(error)}`,
    !(isUnseen || isUnsent),
    error,
  );
}

function isRefusedConnection(error: Error): boolean {
  return error.cause instanceof Error && "code" in error.cause && error.cause.code === "ECONNREFUSED";
}

/** Ends the session at the server too, where there is one. A connection that is broken already needs no more. */
async function closeQuietly(client: Client): Promise<void> {
  const { transport } = client;
  try {
    if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
  } catch {
    // The server is gone or does not end sessions on request: it will end it by itself.
  }
  await client.close().catch(() => undefined);
}
