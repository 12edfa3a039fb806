import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, it } from "vitest";

import { createFixtureContext, FIXTURE_TOOLS, fixtureServer, type FixtureContext } from "../support/fixture-tools.ts";

describe("an MCP server over a list of tools", () => {
  const clients: Client[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });

  async function connect(context: FixtureContext = createFixtureContext()): Promise<Client> {
    const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
    await fixtureServer(context)().connect(serverEnd);
    const client = new Client({ name: "test", version: "1" });
    await client.connect(clientEnd);
    clients.push(client);
    return client;
  }

  /** The raw answer, so that the client's own checks do not stand in for the server's. */
  async function call(client: Client, name: string, args?: Record<string, unknown>): Promise<CallToolResult> {
    // The modern result shape is the only one our server sends.
    return (await client.callTool({ name, ...(args && { arguments: args }) })) as CallToolResult;
  }

  function errorOf(result: CallToolResult): Record<string, unknown> {
    expect(result.isError).toBe(true);
    expect(result.structuredContent).toBeUndefined();
    const block = result.content[0];
    // Every answer of the server is one text block of a JSON object.
    return JSON.parse(block?.type === "text" ? block.text : "{}") as Record<string, unknown>;
  }

  it("introduces itself and lists every tool with both schemas, a title and true hints", async () => {
    const client = await connect();
    expect(client.getServerVersion()).toEqual({ name: "nemops-fixture", title: "Fixture tools", version: "1.0.0" });
    expect(client.getInstructions()).toBe("For tests.");
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(FIXTURE_TOOLS.map((tool) => tool.name));
    expect(tools[0]).toMatchObject({
      title: "Fixture",
      inputSchema: {
        type: "object",
        additionalProperties: false,
        required: ["text"],
        properties: { mode: { enum: ["plain", "loud"], default: "plain", description: "how to say it" } },
      },
      outputSchema: { type: "object", required: ["text", "times", "meta"] },
      annotations: { readOnlyHint: true, destructiveHint: false },
    });
  });

  it("answers with one text block of JSON beside the same structured content", async () => {
    const result = await call(await connect(), "echo", { text: "hi" });
    expect(result.content).toHaveLength(1);
    expect(result.content[0]).toEqual({ type: "text", text: JSON.stringify(result.structuredContent) });
    expect(result.isError).toBeUndefined();
  });

  it("names each bad argument and says what would be right", async () => {
    const context = createFixtureContext();
    const client = await connect(context);
    const error = errorOf(await call(client, "echo", { times: 0, mode: "sung", txt: "hi" }));
    expect(error["code"]).toBe("invalid_input");
    expect(error["problems"]).toEqual([
      { field: "text", message: "is required (what to say)" },
      { field: "times", message: "Too small: expected number to be >=1, got 0 (how often)" },
      { field: "mode", message: 'must be one of plain, loud, got "sung" (how to say it)' },
      { field: "txt", message: "is not known; known are text, times, mode" },
    ]);
    expect(String(error["error"])).toContain("bad arguments for echo: text is required");
    expect(errorOf(await call(client, "count_up", { extra: 1 }))["problems"]).toEqual([
      { field: "extra", message: "is not known; the tool takes none" },
    ]);
    expect(context.calls).toEqual([]);
  });

  it("takes null for an optional argument as left out, but not for a required one", async () => {
    const client = await connect();
    const result = await call(client, "echo", { text: "hi", times: null });
    expect(result.structuredContent).toMatchObject({ text: "hi", times: null });
    expect(errorOf(await call(client, "echo", { text: null }))["code"]).toBe("invalid_input");
  });

  it("passes an expected failure on with its code and data", async () => {
    const error = errorOf(await call(await connect(), "fail_expected"));
    expect(error).toEqual({
      error: "no GPU 9; GPUs are 0, 1",
      code: "gpu_not_found",
      retryable: false,
      valid_ids: [0, 1],
    });
  });

  it("keeps the reason of an unexpected failure and of a broken output schema to its log", async () => {
    const client = await connect();
    const broken = errorOf(await call(client, "fail_unexpected"));
    expect(broken["code"]).toBe("tool_failed");
    expect(JSON.stringify(broken)).not.toContain("secret-path");
    expect(errorOf(await call(client, "break_schema"))["code"]).toBe("tool_failed");
  });

  it("refuses to send an answer over its bound, and shows how it begins and what to ask for", async () => {
    const error = errorOf(await call(await connect(), "talk_too_much"));
    expect(error["code"]).toBe("payload_too_large");
    expect(error["error"]).toContain("1600011 characters, over the limit of 1048576");
    expect(error["beginning"]).toHaveLength(8_192);
  });

  it("answers an unknown tool with a protocol error that names the known ones", async () => {
    const client = await connect();
    await expect(call(client, "reboot_everything")).rejects.toMatchObject({ code: -32_602 });
    await expect(call(client, "reboot_everything")).rejects.toThrow(/Unknown tool: reboot_everything; tools are echo,/);
  });

  it("sends rising progress only, and all of it before the answer", async () => {
    const client = await connect();
    const seen: number[] = [];
    await client.callTool({ name: "count_up" }, undefined, { onprogress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
  });

  it("tells a running tool that its call was cancelled, and that its connection is gone", async () => {
    const context = createFixtureContext();
    const client = await connect(context);
    const cancel = new AbortController();
    const hanging = client.callTool({ name: "hang_reading" }, undefined, {
      signal: cancel.signal,
      onprogress: () => cancel.abort(),
    });
    await expect(hanging).rejects.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    expect(context.cancelled).toEqual(["hang_reading"]);

    const orphan = client.callTool({ name: "hang_writing" }, undefined, { onprogress: () => void client.close() });
    await expect(orphan).rejects.toThrow(/closed/);
    expect(context.cancelled).toEqual(["hang_reading", "hang_writing"]);
  });

  it("refuses two tools of one name", () => {
    const [echo] = FIXTURE_TOOLS;
    const twice = echo === undefined ? [] : [echo, echo];
    expect(() => fixtureServer(createFixtureContext(), twice)).toThrow(/share a name/);
  });
});
