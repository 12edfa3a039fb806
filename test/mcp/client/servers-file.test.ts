import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { ConfigError } from "../../../lib/config.ts";
import { serversForGraph } from "../../../mcp/client/server-spec.ts";
import { readServersFile } from "../../../mcp/client/servers-file.ts";

const folder = mkdtempSync(path.join(tmpdir(), "nemops-servers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { reservedNames: ["gpu-ops"], graphs: ["gpu_ops", "data_designer"] };

function write(content: unknown): string {
  const file = path.join(folder, "servers.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

function problemsOf(content: unknown): readonly string[] {
  const file = write(content);
  try {
    readServersFile(file, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => problem.replace(file, "F"));
    throw error;
  }
  return [];
}

describe("a file of further MCP servers", () => {
  it("gives optional servers with their limits, and each graph those it may use", () => {
    const servers = readServersFile(
      write({
        mcpServers: {
          wiki: { command: "wiki-mcp", args: ["--stdio"], env: { TOKEN: "t" }, graphs: ["gpu_ops"], tools: ["search"] },
          tickets: { url: "https://tickets.example.com/mcp", headers: { authorization: "Bearer x" } },
        },
      }),
      options,
    );
    expect(servers).toEqual([
      {
        name: "wiki",
        transport: "stdio",
        isOptional: true,
        command: "wiki-mcp",
        args: ["--stdio"],
        env: { TOKEN: "t" },
        graphs: ["gpu_ops"],
        tools: ["search"],
      },
      {
        name: "tickets",
        transport: "http",
        isOptional: true,
        url: "https://tickets.example.com/mcp",
        headers: { authorization: "Bearer x" },
      },
    ]);
    expect(serversForGraph(servers, "data_designer").map((server) => server.name)).toEqual(["tickets"]);
    expect(serversForGraph(servers, "gpu_ops").map((server) => server.name)).toEqual(["wiki", "tickets"]);
  });

  it("lists every problem at once, with the place and what would be right", () => {
    const problems = problemsOf({
      mcpServers: {
        "gpu-ops": { command: "x" },
        "a b": { command: "x" },
        both: { command: "x", url: "https://x.example.com" },
        none: {},
        bad: { url: "ftp://x", header: {} },
        args: { command: "x", args: "--flag" },
        graph: { command: "x", graphs: ["gpu-ops"] },
      },
    });
    expect(problems).toEqual([
      "MCP_SERVERS_FILE: F: mcpServers.gpu-ops: the name is taken by a built-in server",
      'MCP_SERVERS_FILE: F: mcpServers.a b: a name is 1 to 32 letters, digits, "_" or "-"',
      'MCP_SERVERS_FILE: F: mcpServers.both: needs either "command" (stdio) or "url" (HTTP)',
      'MCP_SERVERS_FILE: F: mcpServers.none: needs either "command" (stdio) or "url" (HTTP)',
      "MCP_SERVERS_FILE: F: mcpServers.bad.url: must be an http or https URL",
      'MCP_SERVERS_FILE: F: mcpServers.bad: Unrecognized key: "header"',
      "MCP_SERVERS_FILE: F: mcpServers.args.args: Invalid input: expected array, received string",
      "MCP_SERVERS_FILE: F: mcpServers.graph.graphs: no graph gpu-ops; graphs are gpu_ops, data_designer",
    ]);
  });

  it("refuses a file that is not there, is not JSON or has another shape", () => {
    expect(() => readServersFile(path.join(folder, "absent.json"), options)).toThrow(/cannot read .*absent.json/);
    expect(problemsOf("{nope")[0]).toMatch(/cannot read F as JSON/);
    expect(problemsOf({ servers: {} }).join()).toContain("mcpServers");
  });
});
