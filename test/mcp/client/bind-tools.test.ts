import { afterEach, describe, expect, it } from "vitest";

import { seededRandom } from "../../../lib/random.ts";
import { bindTools } from "../../../mcp/client/bind-tools.ts";
import { createToolClient } from "../../../mcp/client/create-tool-client.ts";
import type { ToolClient } from "../../../mcp/client/tool-client.ts";
import { createFixtureContext, fixtureServer, silentLog } from "../support/fixture-tools.ts";
import { createManualClock } from "../../support/manual-clock.ts";

describe("tools for a model", () => {
  let client: ToolClient;
  afterEach(() => client.close());

  it("carry name, description and schema, and cannot be run past the client", async () => {
    client = createToolClient({
      servers: [{ name: "own", createServer: fixtureServer(createFixtureContext()), tools: ["echo", "fail_expected"] }],
      timeoutMs: 1_000,
      clock: createManualClock(),
      random: seededRandom(1),
      log: silentLog,
    });
    const tools = await bindTools(await client.listTools());
    expect(tools.map((tool) => tool.name)).toEqual(["echo", "fail_expected"]);
    expect(tools[0]?.description).toBe("Answers what it is given.");
    expect(tools[0]?.schema).toMatchObject({ type: "object", required: ["text"] });
    // Run past the client, a tool would escape its allow list and its limits.
    await expect(tools[0]?.invoke({ text: "hi" })).rejects.toThrow(/tool client/);
  });
});
