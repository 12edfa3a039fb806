import { fileURLToPath } from "node:url";

import { afterEach, describe, expect, it } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { seededRandom } from "../../../lib/random.ts";
import { createToolClient } from "../../../mcp/client/create-tool-client.ts";
import type { ToolClient } from "../../../mcp/client/tool-client.ts";
import { silentLog } from "../support/fixture-tools.ts";

describe("a stdio server that crashes", () => {
  let client: ToolClient;
  afterEach(() => client.close());

  it("loses a call with effects, says so, and is started again for the next call", async () => {
    client = createToolClient({
      servers: [
        {
          name: "child",
          transport: "stdio",
          command: process.execPath,
          args: [fileURLToPath(new URL("../support/stdio-fixture-server.ts", import.meta.url))],
        },
      ],
      timeoutMs: 20_000,
      clock: systemClock,
      random: seededRandom(1),
      log: silentLog,
    });
    await expect(client.call("drop_writing", {})).rejects.toMatchObject({
      code: "tool_failed",
      message: expect.stringContaining("lost the connection to MCP server child") as string,
    });
    expect((await client.call("echo", { text: "again" })).structured).toMatchObject({ text: "again" });
  });
});
