import { afterEach, describe, expect, it } from "vitest";

import { seededRandom } from "../../../lib/random.ts";
import { createToolClient } from "../../../mcp/client/create-tool-client.ts";
import type { MemoryServerSpec, ServerSpec } from "../../../mcp/client/server-spec.ts";
import type { ToolClient } from "../../../mcp/client/tool-client.ts";
import type { McpServerFactory } from "../../../mcp/server/create-server.ts";
import {
  createFixtureContext,
  FIXTURE_TOOLS,
  type FixtureContext,
  fixtureServer,
  silentLog,
} from "../support/fixture-tools.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

const clients: ToolClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

interface Fixture {
  readonly client: ToolClient;
  readonly clock: ManualClock;
}

function open(servers: readonly ServerSpec[], timeoutMs = 1_000): Fixture {
  const clock = createManualClock();
  const client = createToolClient({ servers, timeoutMs, clock, random: seededRandom(1), log: silentLog });
  clients.push(client);
  return { client, clock };
}

/** A server whose tools can break their own connection. */
function droppable(name = "own"): { spec: MemoryServerSpec; context: FixtureContext; connections: () => number } {
  const context = createFixtureContext();
  const factory = fixtureServer(context);
  let connections = 0;
  const createServer: McpServerFactory = () => {
    connections += 1;
    const server = factory();
    context.drop = () => void server.close();
    return server;
  };
  return { spec: { name, createServer }, context, connections: () => connections };
}

function named(name: string, tools: readonly string[]): MemoryServerSpec {
  const chosen = FIXTURE_TOOLS.filter((tool) => tools.includes(tool.name));
  return { name, createServer: fixtureServer(createFixtureContext(), chosen) };
}

/** Moves the clock on until the promise has settled. */
async function settle<Value>(clock: ManualClock, promise: Promise<Value>): Promise<Value> {
  const state = { isSettled: false };
  const mark = (): void => {
    state.isSettled = true;
  };
  promise.then(mark, mark);
  while (!state.isSettled) await clock.advance(200);
  return promise;
}

describe("sending again", () => {
  it("repeats a read on a new connection when the old one broke", async () => {
    const { spec, context, connections } = droppable();
    const { client, clock } = open([spec]);
    const outcome = await settle(clock, client.call("drop_reading", {}));
    expect(outcome.structured).toEqual({ done: true });
    expect(context.calls).toEqual(["drop_reading", "drop_reading"]);
    expect(connections()).toBe(2);
  });

  it("never repeats a call with effects, but the next call finds a new connection", async () => {
    const { spec, context } = droppable();
    const { client, clock } = open([spec]);
    await expect(settle(clock, client.call("drop_writing", {}))).rejects.toMatchObject({ code: "tool_failed" });
    expect(context.calls).toEqual(["drop_writing"]);
    expect((await client.call("echo", { text: "back" })).structured).toMatchObject({ text: "back" });
  });

  it("does not repeat a tool that answered with a failure", async () => {
    const { spec, context } = droppable();
    const { client } = open([spec]);
    expect((await client.call("fail_expected", {})).isError).toBe(true);
    expect(context.calls).toEqual(["fail_expected"]);
  });

  it("tries a silent read three times and a silent write once", async () => {
    const { spec, context } = droppable();
    const { client, clock } = open([spec]);
    await client.listTools();
    await expect(settle(clock, client.call("hang_reading", {}))).rejects.toMatchObject({ code: "timed_out" });
    expect(context.calls).toEqual(["hang_reading", "hang_reading", "hang_reading"]);
    expect(context.cancelled).toEqual(["hang_reading", "hang_reading", "hang_reading"]);
    await expect(settle(clock, client.call("hang_writing", {}))).rejects.toThrow(/did not answer within 1000 ms/);
    expect(context.calls.filter((call) => call === "hang_writing")).toHaveLength(1);
  });
});

describe("waiting and stopping", () => {
  it("starts the time limit again with every progress report", async () => {
    const { spec } = droppable();
    const { client, clock } = open([spec], 1_000);
    await client.listTools();
    let reports = 0;
    const hanging = client.call("hang_writing", {}, { onProgress: () => (reports += 1) });
    let isSettled = false;
    const caught = hanging.catch((error: unknown) => {
      isSettled = true;
      return error;
    });
    // The tool reports once, right away; 900 ms after that it still has 100 ms.
    await clock.advance(0);
    await clock.advance(900);
    expect(reports).toBe(1);
    expect(isSettled).toBe(false);
    await clock.advance(200);
    expect(await caught).toMatchObject({ code: "timed_out" });
  });

  it("leaves no timer behind after a call", async () => {
    const { spec } = droppable();
    const { client, clock } = open([spec]);
    await client.call("echo", { text: "hi" });
    expect(clock.sleeperCount()).toBe(0);
  });

  it("rejects with the signal's reason, tells the server, and does not send a call that was aborted before", async () => {
    const { spec, context } = droppable();
    const { client } = open([spec]);
    const reason = new Error("run cancelled");
    const cancel = new AbortController();
    const hanging = client.call("hang_reading", {}, { signal: cancel.signal, onProgress: () => cancel.abort(reason) });
    await expect(hanging).rejects.toBe(reason);
    await new Promise((resolve) => setImmediate(resolve));
    expect(context.cancelled).toEqual(["hang_reading"]);
    await expect(client.call("echo", { text: "x" }, { signal: cancel.signal })).rejects.toBe(reason);
    expect(context.calls).toEqual(["hang_reading"]);
  });

  it("answers nothing once it is closed", async () => {
    const { client } = open([named("own", ["echo"])]);
    await client.close();
    await expect(client.call("echo", { text: "x" })).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("several servers", () => {
  it("gives the first server the plain name and the later one a prefixed name", async () => {
    const { client } = open([named("own", ["echo", "count_up"]), named("more", ["echo", "write_once"])]);
    const tools = await client.listTools();
    expect(tools.map((tool) => [tool.server, tool.name])).toEqual([
      ["own", "echo"],
      ["own", "count_up"],
      ["more", "more__echo"],
      ["more", "write_once"],
    ]);
    expect((await client.call("more__echo", { text: "there" })).structured).toMatchObject({ text: "there" });
  });

  it("offers only the tools of the allow list and says so when another is called", async () => {
    const { client } = open([{ ...named("own", ["echo", "write_once"]), tools: ["echo"] }]);
    expect((await client.listTools()).map((tool) => tool.name)).toEqual(["echo"]);
    await expect(client.call("write_once", {})).rejects.toMatchObject({ code: "forbidden" });
    await expect(client.call("other", {})).rejects.toThrow(/no tool other; tools are echo/);
  });

  it("goes on without a further server that is down, and finds it when it is back", async () => {
    let isUp = false;
    const later = named("later", ["count_up"]);
    const flaky: ServerSpec = {
      name: "later",
      isOptional: true,
      createServer: () => {
        if (!isUp) throw new Error("connection refused");
        return later.createServer();
      },
    };
    const { client, clock } = open([named("own", ["echo"]), flaky]);
    expect((await settle(clock, client.listTools())).map((tool) => tool.name)).toEqual(["echo"]);
    isUp = true;
    expect((await client.listTools()).map((tool) => tool.name)).toEqual(["echo"]);
    await clock.advance(30_000);
    expect((await client.listTools()).map((tool) => tool.name)).toEqual(["echo", "count_up"]);
  });

  it("waits for a further server that hangs no longer than ten seconds, once", async () => {
    const mute: ServerSpec = {
      name: "mute",
      transport: "stdio",
      isOptional: true,
      command: process.execPath,
      args: ["--eval", "process.stdin.resume()"],
    };
    const { client, clock } = open([named("own", ["echo"]), mute], 60_000);
    const listing = client.listTools();
    // The server in this process answers within one turn; then only the wait for the mute one is left.
    await clock.advance(0);
    expect(clock.sleeperCount()).toBe(1);
    await clock.advance(10_000);
    expect((await listing).map((tool) => tool.name)).toEqual(["echo"]);
    expect((await client.call("echo", { text: "goes on" })).isError).toBe(false);
  });

  it("fails with a clear error when a server it cannot do without is down", async () => {
    const missing: ServerSpec = { name: "gpu-ops", transport: "stdio", command: "/nonexistent/nemops" };
    const { client, clock } = open([missing]);
    await expect(settle(clock, client.listTools())).rejects.toMatchObject({
      code: "tool_failed",
      message: expect.stringContaining("cannot reach MCP server gpu-ops") as string,
    });
  });

  it("refuses two servers of one name", () => {
    expect(() => open([named("own", []), named("own", [])])).toThrow(/share a name/);
  });
});
