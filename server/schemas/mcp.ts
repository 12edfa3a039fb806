import { z } from "zod";

import { named } from "../openapi/names.ts";
import { ErrorBody } from "./common.ts";

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

const McpRefusal = named(
  "McpRefusal",
  z
    .looseObject({
      jsonrpc: z.literal("2.0"),
      error: z.looseObject({ code: z.number().int(), message: z.string() }),
      id: z.null(),
    })
    .meta({
      description: "A JSON-RPC 2.0 error that answers no message.",
      examples: [{ jsonrpc: "2.0", error: { code: -32_001, message: "Session not found" }, id: null }],
    }),
);
const refusal = (description: string) => ({ description, content: { "application/json": { schema: McpRefusal } } });
/** Also refused before the transport sees the request, as on any other route. */
const eitherRefusal = (description: string) => ({
  description,
  content: { "application/json": { schema: McpRefusal }, "application/problem+json": { schema: ErrorBody } },
});
const anyMethod = {
  400: eitherRefusal("The body is no JSON, no JSON-RPC message, or nothing that the session can take now."),
  403: eitherRefusal("The origin or the host may not call this server, or the caller may not."),
  404: refusal("There is no such session; send `initialize` again."),
};

/** What the transport refuses before it reads a message, by method. */
export const mcpRefusals = {
  GET: {
    ...anyMethod,
    405: refusal("Without `Mcp-Session-Id` there is nothing to listen to."),
    406: refusal("`Accept` has to name `text/event-stream`."),
    409: refusal("Somebody listens to the session already."),
  },
  POST: {
    ...anyMethod,
    406: refusal("`Accept` has to name `application/json` and `text/event-stream`."),
    415: refusal("The content type is not `application/json`."),
  },
  DELETE: {
    ...anyMethod,
    405: refusal("Without `Mcp-Session-Id` there is nothing to end."),
  },
};
export const mcpSessionHeader = {
  "Mcp-Session-Id": z
    .string()
    .describe("The session, as the answer to `initialize` names it; without it each message stands alone.")
    .meta({ examples: ["0b6a3c1d-52e8-4f7a-9c04-8d1e2f3a4b5c"] }),
};
