import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";

import { systemClock } from "../../lib/clock.ts";
import { createLog } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { createServerFactory } from "../../mcp/server/create-server.ts";
import { createToolCaller } from "../../server/tool-caller.ts";
import { defineTool } from "../../tools/define-tool.ts";

const log = createLog({ level: "silent" });
const annotations = {
  title: "Shout",
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};
const shout = defineTool({
  name: "shout",
  description: "Says it louder.",
  input: z.object({ text: z.string() }),
  output: z.object({ said: z.string() }),
  annotations,
  run: ({ text }) => Promise.resolve({ said: text.toUpperCase() }),
});
const server = (name: string) => ({
  name,
  createServer: createServerFactory({
    name,
    title: name,
    version: "1",
    instructions: "",
    tools: [shout],
    context: {},
    log,
  }),
});

const caller = createToolCaller({
  servers: [server("one"), server("two")],
  timeoutMs: 5_000,
  clock: systemClock,
  random: systemRandom,
  log,
  clientVersion: "1",
});
afterEach(() => caller.close());

describe("tools of model columns", () => {
  it("are called by server and by the name that the server gives, though two servers have the same", async () => {
    const [tool] = await caller.listTools("two");
    expect(tool).toMatchObject({ name: "shout", parameters: { properties: { text: { type: "string" } } } });
    const { signal } = new AbortController();
    const answer = await caller.callTool({ server: "two", name: "shout", args: { text: "hi" }, signal });
    expect(answer).toEqual({ isError: false, text: '{"said":"HI"}' });
    expect(await caller.callTool({ server: "one", name: "shout", args: {}, signal })).toMatchObject({ isError: true });
  });

  it("of a server that is not there are refused by name", async () => {
    await expect(async () => caller.listTools("three")).rejects.toThrow(/no MCP server "three".*one, two/);
  });
});
