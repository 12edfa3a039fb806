import { readArguments } from "../mcp/server/tool-arguments.ts";
import type { Tool } from "../tools/define-tool.ts";

/**
 * Runs one tool for an HTTP route: the same checks and the same answer as over MCP, with failures left as they are
 * thrown. Throws `invalid_input` naming every bad argument.
 */
export async function runTool<Context>(
  tool: Tool<Context>,
  args: Readonly<Record<string, unknown>>,
  { context, signal }: { context: Context; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  return tool.run(readArguments(tool, args), { context, signal, reportProgress: () => {}, meta: {} });
}
