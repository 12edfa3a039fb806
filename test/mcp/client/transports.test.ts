import { fileURLToPath } from "node:url";

import { afterEach, describe, expect, it } from "vitest";

import { type Clock, systemClock } from "../../../lib/clock.ts";
import { seededRandom } from "../../../lib/random.ts";
import { createToolClient } from "../../../mcp/client/create-tool-client.ts";
import type { ServerSpec } from "../../../mcp/client/server-spec.ts";
import type { ToolClient } from "../../../mcp/client/tool-client.ts";
import { createMcpHttpHandler } from "../../../mcp/server/http.ts";
import { createFixtureContext, fixtureServer, silentLog } from "../support/fixture-tools.ts";
import { listenLoopback } from "../support/http-server.ts";
import { createManualClock } from "../../support/manual-clock.ts";

type Cleanup = () => Promise<void>;

interface Opened {
  readonly spec: ServerSpec;
  readonly cleanup: Cleanup;
}

/** One contract for every way to reach a server. */
const TRANSPORTS: readonly { name: string; open: () => Promise<Opened> }[] = [
  {
    name: "in memory",
    open: async () => ({
      spec: { name: "fixture", createServer: fixtureServer(createFixtureContext()) },
      cleanup: async () => undefined,
    }),
  },
  {
    name: "stdio",
    open: async () => ({
      spec: {
        name: "fixture",
        transport: "stdio",
        command: process.execPath,
        args: [fileURLToPath(new URL("../support/stdio-fixture-server.ts", import.meta.url))],
      },
      cleanup: async () => undefined,
    }),
  },
  {
    name: "streamable HTTP",
    open: async () => {
      const handler = createMcpHttpHandler({
        createServer: fixtureServer(createFixtureContext()),
        clock: systemClock,
        log: silentLog,
      });
      const loopback = await listenLoopback(handler);
      return { spec: { name: "fixture", transport: "http", url: loopback.url }, cleanup: () => loopback.close() };
    },
  },
];

describe.each(TRANSPORTS)("a tool client over $name", ({ open }) => {
  const cleanups: Cleanup[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function connect(clock: Clock = systemClock): Promise<ToolClient> {
    const { spec, cleanup } = await open();
    const client = createToolClient({
      servers: [spec],
      timeoutMs: 20_000,
      clock,
      random: seededRandom(1),
      log: silentLog,
    });
    cleanups.push(cleanup, () => client.close());
    return client;
  }

  it("lists, calls, reports progress, tells failures, cancels and goes on", async () => {
    const client = await connect();

    const tools = await client.listTools();
    const echo = tools.find((tool) => tool.name === "echo");
    expect(tools).toHaveLength(11);
    expect(echo).toMatchObject({ server: "fixture", isReadOnly: true, isDestructive: false, isIdempotent: true });
    expect(echo?.inputSchema).toMatchObject({ type: "object", required: ["text"], additionalProperties: false });
    expect(tools.find((tool) => tool.name === "write_once")).toMatchObject({ isReadOnly: false, isDestructive: true });

    const said = await client.call("echo", { text: "hé\n\u2028", mode: "loud" }, { meta: { "nemops/design": [1] } });
    expect(said.isError).toBe(false);
    expect(said.structured).toMatchObject({ text: "HÉ\n\u2028", times: null, meta: { "nemops/design": [1] } });
    expect(JSON.parse(said.text)).toEqual(said.structured);

    const progress: object[] = [];
    await client.call("count_up", {}, { onProgress: (step) => progress.push(step) });
    const steps = [
      { done: 1, total: 3, message: "one" },
      { done: 2, total: 3 },
      { done: 3, total: 3 },
    ];
    // The SDK's client drops progress that arrives in one read with the answer, so the tail may be missing.
    expect(progress).toEqual(steps.slice(0, progress.length));

    const failed = await client.call("fail_expected", {});
    expect(failed.isError).toBe(true);
    expect(failed.structured).toEqual({
      error: "no GPU 9; GPUs are 0, 1",
      code: "gpu_not_found",
      retryable: false,
      valid_ids: [0, 1],
    });

    const cancel = new AbortController();
    const reason = new Error("the user went away");
    const hanging = client.call("hang_writing", {}, { signal: cancel.signal, onProgress: () => cancel.abort(reason) });
    await expect(hanging).rejects.toBe(reason);

    await expect(client.call("no_such_tool", {})).rejects.toMatchObject({ code: "not_found" });
    expect((await client.call("echo", { text: "still here" })).isError).toBe(false);
  });

  it("gives up on a call that stays silent and says so", async () => {
    const clock = createManualClock();
    const client = await connect(clock);
    const begun = Promise.withResolvers<void>();
    const hanging = client.call("hang_writing", {}, { onProgress: () => begun.resolve() });
    const outcome = hanging.catch((error: unknown) => error);
    await begun.promise;
    await clock.advance(20_000);
    expect(await outcome).toMatchObject({ code: "timed_out" });
    expect((await client.call("echo", { text: "next" })).isError).toBe(false);
  });

  it("carries a megabyte of arguments", async () => {
    const client = await connect();
    const text = "x".repeat(1_000_000);
    const outcome = await client.call("echo", { text });
    expect(outcome.structured?.["text"]).toHaveLength(1_000_000);
    expect(outcome.text).toContain("characters left out");
  });
});
