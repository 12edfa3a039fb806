import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, expect, it } from "vitest";
import { z } from "zod";

import { createServerFactory, type McpServerFactory } from "../../../mcp/server/create-server.ts";
import { defineTool, type ToolCall } from "../../../tools/define-tool.ts";
import { silentLog } from "../support/fixture-tools.ts";

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

const count = defineTool({
  name: "count",
  description: "Counts the calls of a connection.",
  example: { by: 2 },
  input: z.object({ by: z.number().describe("how much to add") }),
  output: z.object({ sum: z.number().describe("so far"), history: z.array(z.number()).describe("all of them") }),
  annotations: {
    title: "Count",
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  textOmits: ["history"],
  run: ({ by }, { session }: ToolCall<null>) => {
    const before = z.array(z.number()).parse(session?.get("history") ?? []);
    const history = [...before, by];
    session?.set("history", history);
    return Promise.resolve({ sum: history.reduce((sum, one) => sum + one, 0), history });
  },
});

const createServer: McpServerFactory = createServerFactory({
  name: "nemops-answers",
  title: "Answers",
  version: "1",
  instructions: "",
  tools: [count],
  context: null,
  log: silentLog,
});

async function connect(): Promise<Client> {
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  await createServer().connect(serverEnd);
  const client = new Client({ name: "test", version: "1" });
  await client.connect(clientEnd);
  clients.push(client);
  return client;
}

/** The modern result shape is the only one our server sends. */
const call = async (client: Client, args: Record<string, unknown>): Promise<CallToolResult> =>
  (await client.callTool({ name: "count", arguments: args })) as CallToolResult;

it("keeps one session for each connection", async () => {
  const [first, second] = [await connect(), await connect()];
  await call(first, { by: 1 });
  await call(second, { by: 10 });
  expect((await call(first, { by: 2 })).structuredContent).toEqual({ sum: 3, history: [1, 2] });
  expect((await call(second, { by: 20 })).structuredContent).toEqual({ sum: 30, history: [10, 20] });
});

it("leaves what a model does not need out of the text", async () => {
  const { content, structuredContent } = await call(await connect(), { by: 5 });
  expect(content).toEqual([{ type: "text", text: '{"sum":5}' }]);
  expect(structuredContent).toEqual({ sum: 5, history: [5] });
});

it("shows the example with the description and with a complaint about arguments", async () => {
  const client = await connect();
  const { tools } = await client.listTools();
  expect(tools[0]?.description).toBe('Counts the calls of a connection. Example: {"by":2}');
  const { content, isError } = await call(client, {});
  expect(isError).toBe(true);
  expect(JSON.parse(content[0]?.type === "text" ? content[0].text : "")).toMatchObject({
    code: "invalid_input",
    example: { by: 2 },
  });
});
