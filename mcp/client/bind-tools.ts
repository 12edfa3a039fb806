import type { DynamicStructuredTool } from "@langchain/core/tools";
import { loadMcpTools } from "@langchain/mcp-adapters";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { ListToolsResult } from "@modelcontextprotocol/sdk/types.js";

import type { ToolDescription } from "./tool-client.ts";

/**
 * Tools as LangChain tools, for telling a model about them: the adapter flattens the schema parts that endpoints
 * refuse (references, unions, conditions). They are not for running: the adapter cannot send `_meta` and turns error
 * results into exceptions, so graphs call the tool client, where allow lists, time limits and retries hold.
 */
export async function bindTools(tools: readonly ToolDescription[]): Promise<readonly DynamicStructuredTool[]> {
  const facade = {
    listTools: async (): Promise<ListToolsResult> => ({
      tools: tools.map(({ name, description, inputSchema }) => ({
        name,
        description,
        // The adapter adds to the schema it is given, so it gets its own copy. Every tool's schema is an object's.
        inputSchema: structuredClone(inputSchema) as ListToolsResult["tools"][number]["inputSchema"],
      })),
    }),
    callTool: () => Promise.reject(new Error("graphs run tools through the tool client")),
  };
  // The adapter uses nothing of a client but these two methods (and readResource for resource links, which we cut).
  return loadMcpTools("nemops", facade as unknown as Client, { throwOnLoadError: true });
}
