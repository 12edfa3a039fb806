import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ErrorCode, isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";

import type { Clock } from "../../lib/clock.ts";
import { errorMessage, ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { McpServerFactory } from "./create-server.ts";
import { readJsonBody } from "./http-body.ts";
import { HttpSessions } from "./http-sessions.ts";
import { type OriginCheckOptions, refuseOrigin } from "./origin-check.ts";

export interface McpHttpOptions extends Partial<OriginCheckOptions> {
  readonly createServer: McpServerFactory;
  readonly clock: Clock;
  readonly log: Log;
  /** Default 256. */
  readonly maxSessions?: number;
  /** A session unused for this long may be ended; default 30 minutes. */
  readonly idleMs?: number;
  /** Largest body read here; one that is handed over parsed was bounded by its reader. Default 16 MiB. */
  readonly maxBodyBytes?: number;
}

export interface McpHttpHandler {
  /** Answers one request completely. `body` is the parsed JSON when a framework has read it. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, body?: unknown): Promise<void>;
  sessionCount(): number;
  close(): Promise<void>;
}

/**
 * MCP over streamable HTTP at one URL: POST for messages, GET for the session's event stream, DELETE to end a session.
 * `initialize` opens a session; a POST without one is answered by a server of its own, so that a single tool call
 * needs no handshake.
 */
export function createMcpHttpHandler(options: McpHttpOptions): McpHttpHandler {
  const { createServer, clock, log, maxSessions = 256, idleMs = 30 * 60_000, maxBodyBytes = 16 * 1_048_576 } = options;
  const { allowedHosts = [], allowedOrigins = [] } = options;
  const sessions = new HttpSessions({ clock, maxSessions, idleMs });

  async function openSession(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    if (!(await sessions.reserve())) {
      response.setHeader("Retry-After", "10");
      refuse(response, 503, ErrorCode.ConnectionClosed, `all ${maxSessions} sessions are in use`);
      return;
    }
    try {
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => sessions.hold(sessions.add(id, transport), response),
        onsessionclosed: (id) => sessions.remove(id),
      });
      await createServer().connect(transport);
      await transport.handleRequest(request, response, body);
      // A handshake that was refused (a wrong Accept header) leaves no session behind.
      if (transport.sessionId === undefined) await transport.close();
    } finally {
      sessions.release();
    }
  }

  async function answerOnce(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.once("close", () => {
      transport.close().catch((error: unknown) => log.debug({ reason: errorMessage(error) }, "mcp transport close"));
    });
    await createServer().connect(transport);
    await transport.handleRequest(request, response, body);
  }

  async function route(request: IncomingMessage, response: ServerResponse, given: unknown): Promise<void> {
    const refusal = refuseOrigin(request, { allowedHosts, allowedOrigins });
    if (refusal !== undefined) {
      refuse(response, 403, ErrorCode.ConnectionClosed, refusal);
      return;
    }
    const isPost = request.method === "POST";
    const body = isPost && given === undefined ? await readJsonBody(request, maxBodyBytes) : given;
    const id = request.headers["mcp-session-id"];
    if (id !== undefined) {
      const session = typeof id === "string" ? sessions.get(id) : undefined;
      if (session === undefined) refuse(response, 404, -32001, "Session not found; send initialize again");
      else {
        sessions.hold(session, response);
        await session.transport.handleRequest(request, response, body);
      }
    } else if (isPost && isInitialize(body)) await openSession(request, response, body);
    else if (isPost) await answerOnce(request, response, body);
    else {
      response.setHeader("Allow", "POST");
      refuse(response, 405, ErrorCode.ConnectionClosed, `${request.method} needs the Mcp-Session-Id header`);
    }
  }

  return {
    handle: async (request, response, body) => {
      try {
        await route(request, response, body);
      } catch (error) {
        answerFailure(response, error, log);
      }
    },
    sessionCount: () => sessions.size,
    close: () => sessions.closeAll(),
  };
}

function isInitialize(body: unknown): boolean {
  return Array.isArray(body) ? body.some((message) => isInitializeRequest(message)) : isInitializeRequest(body);
}

function answerFailure(response: ServerResponse, error: unknown, log: Log): void {
  if (error instanceof ServiceError && error.code === "payload_too_large") {
    // The rest of the body is not read, so the connection cannot be used again.
    response.setHeader("Connection", "close");
    refuse(response, 413, ErrorCode.InvalidRequest, error.message);
  } else if (error instanceof ServiceError) refuse(response, 400, ErrorCode.ParseError, error.message);
  else {
    log.error({ err: error }, "mcp request broke");
    refuse(response, 500, ErrorCode.InternalError, "internal error; the server's log has the reason");
  }
}

/** A JSON-RPC error without id, as the specification has it for a request that reached no session. */
function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", error: { code, message }, id: null }));
}
