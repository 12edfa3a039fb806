import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";

interface ServerSpecBase {
  /** Unique; letters, digits, `_` and `-`, because it may become part of a tool name. */
  readonly name: string;
  /** Tools that may be used, by the names the server gives them; absent means all. */
  readonly tools?: readonly string[];
  /** Graphs that may use the server; absent means all. */
  readonly graphs?: readonly string[];
  /** A server the agents can do without: when it is down its tools are absent and a warning says so. */
  readonly isOptional?: boolean;
}

/** A server in this process; every connection gets a server of its own. */
export interface MemoryServerSpec extends ServerSpecBase {
  readonly transport?: "memory";
  readonly createServer: () => McpServer;
}

/** A child process. Its environment is PATH, HOME and the like from ours, plus `env`. */
export interface StdioServerSpec extends ServerSpecBase {
  readonly transport: "stdio";
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A server elsewhere, over streamable HTTP. */
export interface HttpServerSpec extends ServerSpecBase {
  readonly transport: "http";
  readonly url: string;
  /** May hold credentials: never logged. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type ServerSpec = MemoryServerSpec | StdioServerSpec | HttpServerSpec;

/** The servers a graph may use, in order. */
export function serversForGraph(servers: readonly ServerSpec[], graph: string): readonly ServerSpec[] {
  return servers.filter((server) => server.graphs === undefined || server.graphs.includes(graph));
}
