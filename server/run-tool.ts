import { ServiceError } from "../lib/errors.ts";
import type { Tool } from "../tools/define-tool.ts";

/**
 * Runs one tool for an HTTP route: the same code and the same answer as over MCP, with failures left as they are
 * thrown. Throws `invalid_input` naming every bad argument.
 */
export async function runTool<Context>(
  tool: Tool<Context>,
  args: Readonly<Record<string, unknown>>,
  { context, signal }: { context: Context; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const input = tool.input.safeParse(args);
  if (!input.success) {
    const problems = input.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
    const text = problems.map(({ field, message }) => `${field || "arguments"}: ${message}`).join("; ");
    throw new ServiceError("invalid_input", text, { problems });
  }
  return tool.run(input.data, { context, signal, reportProgress: () => {}, meta: {} });
}
