import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { CallToolResult, ListToolsResult } from "@modelcontextprotocol/sdk/types.js";
import type { DynamicStructuredTool } from "@langchain/core/tools";
import { loadMcpTools } from "@langchain/mcp-adapters";

import type { ToolClient } from "./tool-client.ts";

/**
 * The client's tools as LangChain tools, for `model.bindTools`: the adapter flattens schema parts that model endpoints
 * refuse (references, unions, conditions). Names are unique over all servers. A tool that is invoked goes through the
 * client, so allow lists, time limits and retries hold; graphs call the client themselves, because the adapter has
 * no way to send `_meta` and turns error results into exceptions.
 */
export async function bindTools(client: ToolClient): Promise<DynamicStructuredTool[]> {
  const facade = {
    listTools: async (): Promise<ListToolsResult> => {
      const tools = await client.listTools();
      return {
        tools: tools.map((tool) => ({
          name: tool.name,
          description: tool.description,
          // The adapter adds to the schema it is given, so it gets its own copy. Every tool's schema is an object's.
          inputSchema: structuredClone(tool.inputSchema) as ListToolsResult["tools"][number]["inputSchema"],
        })),
      };
    },
    callTool: async (
      params: { name: string; arguments?: Record<string, unknown> },
      _schema?: unknown,
      options?: { signal?: AbortSignal },
    ): Promise<CallToolResult> => {
      const { isError, text, structured } = await client.call(params.name, params.arguments ?? {}, {
        ...(options?.signal !== undefined && { signal: options.signal }),
      });
      return { content: [{ type: "text", text }], isError, ...(!isError && { structuredContent: structured }) };
    },
  };
  // The adapter uses nothing of a client but these two methods (and readResource for resource links, which we cut).
  return loadMcpTools("nemops", facade as unknown as Client, { throwOnLoadError: true });
}
