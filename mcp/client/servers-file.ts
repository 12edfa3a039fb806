import { readFileSync } from "node:fs";

import { z } from "zod";

import { ConfigError } from "../../lib/config.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { ServerSpec } from "./server-spec.ts";

const names = z.array(z.string().min(1)).min(1);
const common = { graphs: names.optional(), tools: names.optional() };

const StdioEntry = z.strictObject({
  command: z.string().min(1),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  cwd: z.string().min(1).optional(),
  ...common,
});
const HttpEntry = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }),
  headers: z.record(z.string(), z.string()).optional(),
  ...common,
});
const ServersFile = z.strictObject({ mcpServers: z.record(z.string(), z.looseObject({})) });

const NAME_PATTERN = /^[A-Za-z0-9_-]{1,32}$/;

export interface ServersFileOptions {
  /** Names of our own servers, which an entry may not take. */
  readonly reservedNames: readonly string[];
  /** Graphs that exist; an entry that names another is refused. */
  readonly graphs: readonly string[];
}

/**
 * Further MCP servers from a JSON file: `{"mcpServers": {"<name>": {"command", "args", "env", "cwd"} | {"url", "headers"}}}`,
 * each with optional lists `graphs` (which agents may use it) and `tools` (which tools they may use).
 * Throws ConfigError with every problem of the file at once.
 */
export function readServersFile(file: string, options: ServersFileOptions): readonly ServerSpec[] {
  const parsed = ServersFile.safeParse(readJson(file));
  if (!parsed.success) throw new ConfigError(describe(parsed.error, file, []));
  const problems: string[] = [];
  const servers = Object.entries(parsed.data.mcpServers).flatMap(([name, entry]) => {
    problems.push(...nameProblems(file, name, options.reservedNames));
    const server = readEntry(file, name, entry, problems);
    if (server === undefined) return [];
    const unknown = (server.graphs ?? []).filter((graph) => !options.graphs.includes(graph));
    problems.push(
      ...unknown.map((graph) => `${at(file, name)}.graphs: no graph ${graph}; graphs are ${options.graphs.join(", ")}`),
    );
    return [server];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return servers;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigError([`MCP_SERVERS_FILE: cannot read ${file} as JSON: ${errorMessage(error)}`]);
  }
}

function nameProblems(file: string, name: string, reserved: readonly string[]): string[] {
  if (!NAME_PATTERN.test(name)) return [`${at(file, name)}: a name is 1 to 32 letters, digits, "_" or "-"`];
  return reserved.includes(name) ? [`${at(file, name)}: the name is taken by a built-in server`] : [];
}

function readEntry(file: string, name: string, entry: object, problems: string[]): ServerSpec | undefined {
  if ("command" in entry === "url" in entry) {
    problems.push(`${at(file, name)}: needs either "command" (stdio) or "url" (HTTP)`);
    return undefined;
  }
  if ("command" in entry) {
    const parsed = StdioEntry.safeParse(entry);
    if (parsed.success) return { name, transport: "stdio", isOptional: true, ...parsed.data };
    problems.push(...describe(parsed.error, file, ["mcpServers", name]));
    return undefined;
  }
  const parsed = HttpEntry.safeParse(entry);
  if (parsed.success) return { name, transport: "http", isOptional: true, ...parsed.data };
  problems.push(...describe(parsed.error, file, ["mcpServers", name]));
  return undefined;
}

function describe(error: z.ZodError, file: string, prefix: readonly string[]): string[] {
  return error.issues.map((issue) => {
    const path = [...prefix, ...issue.path.map(String)].join(".");
    return `MCP_SERVERS_FILE: ${file}: ${path === "" ? "" : `${path}: `}${issue.message}`;
  });
}

function at(file: string, name: string): string {
  return `MCP_SERVERS_FILE: ${file}: mcpServers.${name}`;
}
