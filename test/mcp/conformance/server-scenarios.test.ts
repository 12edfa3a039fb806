import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { createMcpHttpHandler } from "../../../mcp/server/http.ts";
import { silentLog } from "../support/fixture-tools.ts";
import { listenLoopback, type LoopbackServer } from "../support/http-server.ts";
import { conformanceServer } from "./fixture-server.ts";

/**
 * Server scenarios of @modelcontextprotocol/conformance 0.1.16 that apply. The others ask for images, audio, embedded
 * resources, logging, sampling, elicitation, completions, resources, prompts or resumable streams, which these servers
 * do not offer.
 */
const SCENARIOS = [
  "server-initialize",
  "ping",
  "tools-list",
  "tools-call-simple-text",
  "tools-call-error",
  "tools-call-with-progress",
  "server-sse-multiple-streams",
  "dns-rebinding-protection",
];

const run = promisify(execFile);
const suite = path.join(
  path.dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json")),
  "dist/index.js",
);

describe("the official conformance suite", () => {
  let loopback: LoopbackServer;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "nemops-conformance-"));
    const handler = createMcpHttpHandler({ createServer: conformanceServer(), clock: systemClock, log: silentLog });
    loopback = await listenLoopback(handler);
  });
  afterAll(async () => {
    await loopback.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(SCENARIOS)("passes %s", async (scenario) => {
    const args = [suite, "server", "--url", loopback.url, "--scenario", scenario, "--verbose", "--output-dir", folder];
    const { stdout } = await run(process.execPath, args, { cwd: folder, timeout: 30_000 });
    expect(stdout).toContain("SUCCESS");
    expect(stdout).not.toContain("FAILURE");
  });
});
