import type { Tool } from "@modelcontextprotocol/sdk/types.js";

import { ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { ServerConnection } from "./connection.ts";
import type { ToolDescription } from "./tool-client.ts";

export interface CatalogueEntry {
  readonly description: ToolDescription;
  readonly connection: ServerConnection;
  /** The name the server knows it by. */
  readonly remoteName: string;
}

export interface Catalogue {
  /** By the name the model sees, in the order of the servers. */
  readonly tools: ReadonlyMap<string, CatalogueEntry>;
  /** False while a further server is down. */
  readonly isComplete: boolean;
  /** `forbidden` for a tool that exists but is not on the allow list, else `not_found` with the names that exist. */
  explainAbsence(name: string): ServiceError;
}

export interface ServerListing {
  readonly connection: ServerConnection;
  /** Undefined when the server is down. */
  readonly tools: readonly Tool[] | undefined;
}

/** What models accept as a tool name. Source: OpenAI API reference, function name. */
const FOREIGN_CHARACTERS = /[^A-Za-z0-9_-]/g;
const MAX_NAME_LENGTH = 64;

/** Joins the lists of all servers under unique names; the first server to claim a name keeps it. */
export function buildCatalogue(listings: readonly ServerListing[], log: Log): Catalogue {
  const tools = new Map<string, CatalogueEntry>();
  const forbidden = new Set<string>();
  for (const { connection, tools: listed = [] } of listings) {
    const { spec } = connection;
    for (const tool of listed) {
      const plain = toModelName(tool.name);
      if (spec.tools !== undefined && !spec.tools.includes(tool.name)) {
        forbidden.add(plain);
        continue;
      }
      const name = tools.has(plain) ? toModelName(`${spec.name}__${tool.name}`) : plain;
      if (tools.has(name)) {
        log.warn({ server: spec.name, tool_name: tool.name }, "mcp tool is left out, its name is taken twice");
        continue;
      }
      tools.set(name, { connection, remoteName: tool.name, description: describeTool(spec.name, name, tool) });
    }
  }
  return {
    tools,
    isComplete: listings.every((listing) => listing.tools !== undefined),
    explainAbsence: (name) =>
      forbidden.has(name)
        ? new ServiceError("forbidden", `tool ${name} is not on the allow list of its server`)
        : new ServiceError("not_found", `no tool ${name}; tools are ${[...tools.keys()].join(", ")}`),
  };
}

function toModelName(name: string): string {
  return name.replaceAll(FOREIGN_CHARACTERS, "_").slice(0, MAX_NAME_LENGTH);
}

/** Absent hints mean what the specification says: not read-only, destructive, not idempotent. */
function describeTool(server: string, name: string, tool: Tool): ToolDescription {
  const isReadOnly = tool.annotations?.readOnlyHint ?? false;
  return {
    server,
    name,
    description: tool.description ?? tool.title ?? "",
    inputSchema: tool.inputSchema,
    isReadOnly,
    isDestructive: !isReadOnly && (tool.annotations?.destructiveHint ?? true),
    isIdempotent: isReadOnly || (tool.annotations?.idempotentHint ?? false),
  };
}
