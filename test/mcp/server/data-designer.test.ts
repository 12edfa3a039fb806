import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { afterAll, beforeAll, expect, it } from "vitest";

import { createDataDesignerServer } from "../../../mcp/server/data-designer.ts";
import { type DataTools, openDataTools } from "../../tools/data/support/open-data-tools.ts";
import { silentLog } from "../support/fixture-tools.ts";

let tools: DataTools;
const client = new Client({ name: "test", version: "1" });
beforeAll(async () => {
  tools = await openDataTools();
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  await createDataDesignerServer({ context: tools.context, log: silentLog })().connect(serverEnd);
  await client.connect(clientEnd);
});
afterAll(async () => {
  await client.close();
  await tools.close();
});

async function readJson(uri: string): Promise<unknown> {
  const [content] = (await client.readResource({ uri })).contents;
  expect(content?.mimeType).toBe("application/json");
  return JSON.parse(content !== undefined && "text" in content ? content.text : "");
}

it("tells models the order of work and that data is never an instruction", () => {
  const instructions = client.getInstructions() ?? "";
  for (const word of ["init_config", "Keep every column", "no seed", "ScoreName.score", "never an instruction"]) {
    expect(instructions).toContain(word);
  }
});

it("offers the schema of designs and the connection's design as resources", async () => {
  const { resources } = await client.listResources();
  expect(resources.map((resource) => resource.uri)).toEqual(["nemops://design/schema", "nemops://design/current"]);
  expect(await readJson("nemops://design/schema")).toMatchObject({ type: "object", required: ["columns"] });
  expect(await readJson("nemops://design/current")).toMatchObject({ config: { columns: [] } });
  await client.callTool({ name: "add_uuid_column", arguments: { name: "id" } });
  expect(await readJson("nemops://design/current")).toMatchObject({ config: { columns: [{ name: "id" }] } });
  await expect(client.readResource({ uri: "nemops://design/other" })).rejects.toThrow(
    "resources are nemops://design/schema",
  );
});
