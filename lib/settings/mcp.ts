import { z } from "zod";

import { type Setting, integer, setting, text, url } from "./setting.ts";

/** How the agents reach the tools. */
export const MCP_SETTINGS = {
  MCP_TRANSPORT: setting(
    "mcp",
    z.enum(["memory", "stdio", "http"]).default("memory"),
    "memory",
    "How the agents reach the tools: in process, a child process, or a server at `MCP_URL`.",
  ),
  MCP_URL: setting(
    "mcp",
    url.optional(),
    "",
    "Base URL of a server with `/mcp/gpu-ops` and `/mcp/data-designer`, for `MCP_TRANSPORT=http`.",
  ),
  MCP_SERVERS_FILE: setting(
    "mcp",
    text.optional(),
    "",
    'JSON file with further MCP servers (`{"mcpServers": {…}}`) and the graphs that may use them.',
  ),
  MCP_TIMEOUT_MS: setting(
    "mcp",
    integer(100, 3_600_000).default(60_000),
    "60000",
    "Longest a tool call may take without progress.",
  ),
} as const satisfies Record<string, Setting>;
