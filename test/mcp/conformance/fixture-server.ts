import { z } from "zod";

import { ServiceError } from "../../../lib/errors.ts";
import { createServerFactory, type McpServerFactory } from "../../../mcp/server/create-server.ts";
import { defineTool, type Tool, type ToolCall } from "../../../tools/define-tool.ts";
import { silentLog } from "../support/fixture-tools.ts";

type Call = ToolCall<null>;

const annotations = {
  title: "Conformance fixture",
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};
const input = z.object({});
const output = z.object({ text: z.string().describe("the answer") });

/** The tools that the official conformance suite calls by name, on our own server code. */
const TOOLS: readonly Tool<null>[] = [
  defineTool({
    name: "test_simple_text",
    description: "Answers with text.",
    input,
    output,
    annotations,
    run: async (_input, _call: Call) => ({ text: "This is a simple text response for testing." }),
  }),
  defineTool({
    name: "test_error_handling",
    description: "Always fails.",
    input,
    output,
    annotations,
    run: async (_input, _call: Call) => {
      throw new ServiceError("tool_failed", "This tool intentionally returns an error for testing");
    },
  }),
  defineTool({
    name: "test_tool_with_progress",
    description: "Reports progress three times.",
    input,
    output,
    annotations,
    run: async (_input, { reportProgress }: Call) => {
      for (const done of [0, 50, 100]) {
        reportProgress({ done, total: 100 });
        // Each report leaves in a write of its own, because the suite's client drops one that shares a read with the answer.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return { text: "done" };
    },
  }),
];

export function conformanceServer(): McpServerFactory {
  return createServerFactory({
    name: "nemops-conformance",
    title: "Conformance fixtures",
    version: "1.0.0",
    instructions: "For the conformance suite.",
    tools: TOOLS,
    context: null,
    log: silentLog,
  });
}
