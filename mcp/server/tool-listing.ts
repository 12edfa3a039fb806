import type { Tool as ListedTool } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

import type { Tool } from "../../tools/define-tool.ts";

/** Draft 7 is what every MCP client's validator reads, including those that predate the 2020-12 default. */
const JSON_SCHEMA_TARGET = "draft-7";

/** A tool as `tools/list` shows it. The output schema describes successful answers only. */
export function listTool<Context>(tool: Tool<Context>): ListedTool {
  return {
    name: tool.name,
    title: tool.annotations.title,
    description:
      tool.example === undefined ? tool.description : `${tool.description} Example: ${JSON.stringify(tool.example)}`,
    inputSchema: toObjectSchema(z.strictObject(tool.input.shape), "input"),
    outputSchema: toObjectSchema(tool.output, "output"),
    annotations: { ...tool.annotations },
  };
}

function toObjectSchema(schema: z.ZodObject, io: "input" | "output"): ListedTool["inputSchema"] {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, target: JSON_SCHEMA_TARGET });
  // A zod object always becomes a JSON Schema of type "object".
  return rest as ListedTool["inputSchema"];
}
