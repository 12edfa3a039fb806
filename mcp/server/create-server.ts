import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type ServerNotification,
} from "@modelcontextprotocol/sdk/types.js";

import { errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Tool, ToolCall } from "../../tools/define-tool.ts";
import { createLazyValidator } from "../lazy-validator.ts";
import { callTool } from "./call-tool.ts";
import { listTool } from "./tool-listing.ts";

/** A JSON document that clients can read without calling a tool. */
export interface JsonResource {
  readonly uri: string;
  readonly name: string;
  readonly description: string;
  /** The document as it is now for this connection. */
  read(session: ReadonlyMap<string, unknown>): unknown;
}

export interface McpServerOptions<Context> {
  /** `serverInfo.name`; ours are `nemops-<server>`. */
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** What a model should know before it picks a tool. */
  readonly instructions: string;
  readonly tools: readonly Tool<Context>[];
  /** None by default. */
  readonly resources?: readonly JsonResource[];
  readonly context: Context;
  readonly log: Log;
  /** Longest answer in characters; default 1,048,576. */
  readonly maxResultChars?: number;
}

/** Makes one protocol server per connection; they share the tools and the context, and each has its own session. */
export type McpServerFactory = () => McpServer;

/**
 * Serves a list of tools over MCP. An unknown tool is a JSON-RPC error (-32602) that names the known ones, as the
 * specification asks; anything that goes wrong inside a tool is a tool error result. Throws when two tools share a name.
 */
export function createServerFactory<Context>(options: McpServerOptions<Context>): McpServerFactory {
  const byName = new Map(options.tools.map((tool) => [tool.name, tool]));
  if (byName.size !== options.tools.length) throw new Error(`${options.name}: two tools share a name`);
  // Turning the schemas into JSON Schema takes tens of milliseconds: once for all connections, and not at the start.
  let listed: ReturnType<typeof listTool>[] | undefined;
  const { name, title, version, instructions, resources = [], context, log, maxResultChars } = options;

  return () => {
    const session = new Map<string, unknown>();
    const connection = new McpServer(
      { name, title, version },
      {
        capabilities: { tools: {}, ...(resources.length > 0 && { resources: {} }) },
        instructions,
        jsonSchemaValidator: createLazyValidator(),
      },
    );
    // The request handlers are set on the server underneath: registerTool would validate before our own readable checks.
    const { server } = connection;
    server.setRequestHandler(ListToolsRequestSchema, () => {
      listed ??= options.tools.map((tool) => listTool(tool));
      return { tools: listed };
    });
    server.setRequestHandler(CallToolRequestSchema, async (request, extra) => {
      const tool = byName.get(request.params.name);
      if (tool === undefined) {
        const known = [...byName.keys()].join(", ");
        throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${request.params.name}; tools are ${known}`);
      }
      const meta = request.params._meta ?? {};
      const progress = createProgress(meta.progressToken, extra.sendNotification, log);
      const call: ToolCall<Context> = { context, signal: extra.signal, reportProgress: progress.report, meta, session };
      const result: CallToolResult = await callTool({
        tool,
        args: request.params.arguments,
        call,
        log,
        maxResultChars,
      });
      await progress.flush();
      return result;
    });
    if (resources.length > 0) serveResources(connection, resources, session);
    return connection;
  };
}

function serveResources(
  { server }: McpServer,
  resources: readonly JsonResource[],
  session: ReadonlyMap<string, unknown>,
): void {
  const mimeType = "application/json";
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: resources.map(({ uri, name, description }) => ({ uri, name, description, mimeType })),
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const resource = resources.find((one) => one.uri === uri);
    if (resource === undefined) {
      const known = resources.map((one) => one.uri).join(", ");
      throw new McpError(ErrorCode.InvalidParams, `Unknown resource: ${uri}; resources are ${known}`);
    }
    return { contents: [{ uri, mimeType, text: JSON.stringify(resource.read(session)) }] };
  });
}

interface ProgressSender {
  readonly report: ToolCall<unknown>["reportProgress"];
  /** Waits until everything reported has left, so that the answer comes last. */
  flush(): Promise<void>;
}

/** Without a token the caller does not want progress. The protocol asks for rising values: others are dropped. */
function createProgress(
  progressToken: string | number | undefined,
  send: (notification: ServerNotification) => Promise<void>,
  log: Log,
): ProgressSender {
  let last = Number.NEGATIVE_INFINITY;
  let sent: Promise<void> = Promise.resolve();
  return {
    report: ({ done, total, message }) => {
      if (progressToken === undefined || !(done > last)) return;
      last = done;
      const params = { progressToken, progress: done, total, message };
      sent = sent
        .then(() => send({ method: "notifications/progress", params }))
        .catch((error: unknown) => log.debug({ reason: errorMessage(error) }, "progress not delivered"));
    },
    flush: () => sent,
  };
}
