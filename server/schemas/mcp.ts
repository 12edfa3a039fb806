import { z } from "zod";

import { named } from "../openapi/names.ts";

/** The transport reads messages itself, with errors of its own, so anything is taken here. */
export const McpMessage = named(
  "McpMessage",
  z.unknown().meta({
    description: "A JSON-RPC 2.0 message of the Model Context Protocol, or a list of them.",
    examples: [{ jsonrpc: "2.0", id: 1, method: "tools/list" }],
  }),
);

const FRAMES = z
  .string()
  .meta({ examples: ['event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"tools":[]}}\n\n'] });
export const mcpStream = {
  description: "Messages of the server, as they come.",
  content: { "text/event-stream": { schema: FRAMES } },
};
export const mcpAnswer = {
  description: "The answer, alone or as the last of a stream.",
  content: { "application/json": { schema: McpMessage }, "text/event-stream": { schema: FRAMES } },
};
