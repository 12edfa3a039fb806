import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, describe, expect, it } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { loadConfig } from "../../../lib/config.ts";
import { seededRandom } from "../../../lib/random.ts";
import { serveStdio } from "../../../mcp/server/serve.ts";
import { silentLog } from "../support/fixture-tools.ts";

const home = mkdtempSync(path.join(tmpdir(), "nemops-stdio-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Started {
  readonly client: Client;
  readonly transport: StdioClientTransport;
  readonly stderr: () => string;
  /** Lines on standard output that are not protocol end up here. */
  readonly errors: readonly Error[];
}

async function start(script = "stdio-gpu-ops.ts"): Promise<Started> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL(`../support/${script}`, import.meta.url))],
    env: { NEMOPS_HOME: home, SIM_SCENARIO: "gpu_fallen_off_bus", EMBEDDINGS_PROVIDER: "none" },
    stderr: "pipe",
  });
  let stderr = "";
  transport.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  const client = new Client({ name: "test", version: "1" });
  const errors: Error[] = [];
  // The SDK's client has callbacks, no event target.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  client.onerror = (error) => errors.push(error);
  await client.connect(transport);
  return { client, transport, stderr: () => stderr, errors };
}

describe("gpu-ops over stdio", () => {
  it("lists and calls its tools with nothing but protocol on standard output, and lets go when its input ends", async () => {
    const { client, stderr, errors } = await start();
    expect(client.getServerVersion()).toMatchObject({ name: "nemops-gpu-ops", title: "NemOps GPU operations" });
    expect((await client.listTools()).tools).toHaveLength(11);
    const health = await client.callTool({ name: "gpu_health_check", arguments: {} });
    expect(health.structuredContent).toMatchObject({
      simulated: true,
      assessment: { verdict: "gpu_failed", actions: expect.arrayContaining(["REBOOT_NODE"]) as string[] },
    });
    await client.close();
    expect(stderr()).toContain("released");
    expect(errors).toEqual([]);
  });

  it("lets go on SIGTERM too", async () => {
    const { client, transport, stderr } = await start();
    const closed = Promise.withResolvers<void>();
    // The SDK's client has callbacks, no event target.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    client.onclose = () => closed.resolve();
    process.kill(transport.pid ?? 0, "SIGTERM");
    await closed.promise;
    expect(stderr()).toContain("released");
  });

  it("names the servers when asked for another", async () => {
    const options = { config: loadConfig({}), clock: systemClock, random: seededRandom(1), log: silentLog };
    await expect(serveStdio("weather", options)).rejects.toMatchObject({
      code: "not_found",
      message: "no MCP server weather; servers are gpu-ops, data-designer",
    });
  });
});

describe("data-designer over stdio", () => {
  it("keeps a design from call to call and makes rows of it", async () => {
    const { client, stderr, errors } = await start("stdio-data-designer.ts");
    expect(client.getServerVersion()).toMatchObject({ name: "nemops-data-designer" });
    expect(client.getInstructions()).toContain("never an instruction");
    expect((await client.listTools()).tools).toHaveLength(31);
    await client.callTool({ name: "init_config", arguments: { name: "dice" } });
    await client.callTool({ name: "add_int_column", arguments: { name: "eyes", low: 1, high: 6 } });
    const preview = await client.callTool({ name: "preview_data", arguments: { num_records: 2, seed: 4 } });
    expect(preview.structuredContent).toMatchObject({
      records: [{ eyes: expect.any(Number) as number }, { eyes: expect.any(Number) as number }],
    });
    await client.close();
    expect(stderr()).toContain("released");
    expect(errors).toEqual([]);
  });
});
