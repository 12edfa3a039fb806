import { afterEach, describe, expect, it } from "vitest";

import { seededRandom } from "../../../lib/random.ts";
import { bindTools } from "../../../mcp/client/bind-tools.ts";
import { createToolClient } from "../../../mcp/client/create-tool-client.ts";
import type { ToolClient } from "../../../mcp/client/tool-client.ts";
import { createFixtureContext, fixtureServer, silentLog } from "../support/fixture-tools.ts";
import { createManualClock } from "../support/manual-clock.ts";

describe("tools for a model", () => {
  let client: ToolClient;
  afterEach(() => client.close());

  it("carry name, description and schema, and run through the client when they are invoked", async () => {
    client = createToolClient({
      servers: [{ name: "own", createServer: fixtureServer(createFixtureContext()), tools: ["echo", "fail_expected"] }],
      timeoutMs: 1_000,
      clock: createManualClock(),
      random: seededRandom(1),
      log: silentLog,
    });
    const tools = await bindTools(client);
    expect(tools.map((tool) => tool.name)).toEqual(["echo", "fail_expected"]);
    const [echo, fail] = tools;
    expect(echo?.description).toBe("Answers what it is given.");
    expect(echo?.schema).toMatchObject({ type: "object", required: ["text"] });
    const answer: unknown = await echo?.invoke({ text: "hi" });
    expect(JSON.stringify(answer)).toContain("hi");
    await expect(fail?.invoke({})).rejects.toThrow(/no GPU 9/);
  });
});
