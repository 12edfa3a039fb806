import type { FastifyPluginCallback } from "fastify";
import { z } from "zod";

import { type McpHttpHandler, createMcpHttpHandler } from "../../mcp/server/http.ts";
import type { McpServerFactory } from "../../mcp/server/create-server.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import type { Log } from "../../lib/log.ts";
import { McpMessage, mcpAnswer, mcpRefusals, mcpSessionHeader, mcpStream } from "../schemas/mcp.ts";

const METHODS = [
  {
    method: "GET",
    verb: "listenTo",
    summary: "Listen to what is sent unasked by",
    response: { 200: mcpStream, ...mcpRefusals.GET },
  },
  {
    method: "POST",
    verb: "call",
    summary: "Send a message to",
    body: McpMessage,
    response: {
      200: mcpAnswer,
      202: z.void().describe("A notification was taken. There is no body."),
      ...mcpRefusals.POST,
    },
  },
  {
    method: "DELETE",
    verb: "leave",
    summary: "End the session with",
    response: { 200: z.void().describe("The session has ended. There is no body."), ...mcpRefusals.DELETE },
  },
] as const;

function toPascal(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export interface McpRouteOptions {
  /** Server name, the last part of the URL, to its factory. */
  readonly servers: Readonly<Record<string, McpServerFactory>>;
  readonly config: Config;
  /** Whether callers are asked who they are. */
  readonly hasAuth: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** `/mcp/<server>`: streamable HTTP. The handler writes the answer itself, so the reply is taken from Fastify. */
export const mcpRoutes = ({ servers, config, hasAuth, clock, log }: McpRouteOptions): FastifyPluginCallback =>
  function registerMcpRoutes(app, _options, done) {
    for (const [name, createServer] of Object.entries(servers)) {
      const handler: McpHttpHandler = createMcpHttpHandler({
        createServer,
        clock,
        log,
        // The Host check keeps a rebound name from reaching a service without a key; with one, any name may be used.
        allowedHosts: hasAuth ? "any" : [config.host],
        allowedOrigins: config.corsOrigins.filter((origin) => origin !== "*"),
      });
      app.addHook("onClose", () => handler.close());
      for (const { method, verb, summary, ...schema } of METHODS) {
        app.route({
          method,
          url: `/mcp/${name}`,
          schema: {
            tags: ["mcp"],
            operationId: `${verb}${toPascal(name)}Mcp`,
            summary: `${summary} the MCP server ${name}`,
            requestHeaders: mcpSessionHeader,
            ...schema,
          },
          handler: async (request, reply) => {
            reply.hijack();
            await handler.handle(request.raw, reply.raw, request.body ?? undefined);
          },
        });
      }
    }
    done();
  };
