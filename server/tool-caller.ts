import { ServiceError } from "../lib/errors.ts";
import { type ToolClientOptions, createToolClient } from "../mcp/client/create-tool-client.ts";
import type { ToolClient } from "../mcp/client/tool-client.ts";
import type { ToolCaller } from "../tools/data/generation-services.ts";

type ToolParameters = Awaited<ReturnType<ToolCaller["listTools"]>>[number]["parameters"];

/**
 * The tools that model columns of a dataset may use: those of the MCP servers that the agents can be given too, each
 * named by its server. A server is connected to when a column first asks for it.
 */
export function createToolCaller(options: ToolClientOptions): ToolCaller & { close(): Promise<void> } {
  const clients = new Map<string, ToolClient>();
  const clientOf = (name: string): ToolClient => {
    const known = clients.get(name);
    if (known !== undefined) return known;
    const spec = options.servers.find((server) => server.name === name);
    if (spec === undefined) {
      const names = options.servers.map((server) => server.name).join(", ");
      throw new ServiceError("not_found", `no MCP server "${name}" for model columns; servers are ${names || "none"}`);
    }
    // One client a server: its tools then keep the names that it gives them.
    const client = createToolClient({ ...options, servers: [spec] });
    clients.set(name, client);
    return client;
  };
  return {
    listTools: async (server) =>
      (await clientOf(server).listTools()).map(({ name, description, inputSchema }) => ({
        name,
        description,
        // JSON that came over the protocol.
        parameters: inputSchema as ToolParameters,
      })),
    callTool: async ({ server, name, args, signal }) => {
      const { text, isError } = await clientOf(server).call(name, { ...args }, { signal });
      return { text, isError };
    },
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
