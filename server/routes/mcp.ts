import type { FastifyPluginCallback } from "fastify";

import { type McpHttpHandler, createMcpHttpHandler } from "../../mcp/server/http.ts";
import type { McpServerFactory } from "../../mcp/server/create-server.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import type { Log } from "../../lib/log.ts";

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
      app.route({
        method: ["GET", "POST", "DELETE"],
        url: `/mcp/${name}`,
        schema: { tags: ["mcp"], summary: `MCP server ${name} over streamable HTTP` },
        handler: async (request, reply) => {
          reply.hijack();
          await handler.handle(request.raw, reply.raw, request.body ?? undefined);
        },
      });
    }
    done();
  };
