import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

import { errorMessage, ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Tool, ToolCall } from "../../tools/define-tool.ts";
import { readArguments } from "./tool-arguments.ts";

/** Longest answer that leaves the server, in UTF-16 code units of its JSON. Tools bound themselves well below it. */
export const MAX_RESULT_CHARS = 1_048_576;
/** How much of an answer over the bound is still shown. */
const SHOWN_OF_TOO_LONG_CHARS = 8_192;

export interface CallToolOptions<Context> {
  readonly tool: Tool<Context>;
  readonly args: unknown;
  readonly call: ToolCall<Context>;
  readonly log: Log;
  readonly maxResultChars?: number;
}

/**
 * Runs one tool. The answer is one text block of JSON with the same object as `structuredContent`, less what the tool
 * omits from its text. Every failure is a tool error result `{error, code, retryable, problems?, example?, …}`, so that
 * the model can read it and the run goes on.
 * Never rejects.
 */
export async function callTool<Context>(options: CallToolOptions<Context>): Promise<CallToolResult> {
  const { tool, args, call, log, maxResultChars = MAX_RESULT_CHARS } = options;
  try {
    const answer = await tool.run(readArguments(tool, args), call);
    const checked = tool.output.safeParse(answer);
    if (!checked.success) {
      throw new Error(`the answer of ${tool.name} breaks its own schema: ${z.prettifyError(checked.error)}`);
    }
    const whole = JSON.stringify(checked.data);
    if (whole.length > maxResultChars) throw tooLong(tool.name, whole, maxResultChars);
    const text = tool.textOmits === undefined ? whole : JSON.stringify(without(checked.data, tool.textOmits));
    return { content: [{ type: "text", text }], structuredContent: checked.data };
  } catch (error) {
    if (!(error instanceof ServiceError) && !call.signal.aborted) {
      log.error({ tool_name: tool.name, err: error }, "tool broke");
    }
    return toErrorResult(tool, error);
  }
}

function without(answer: Readonly<Record<string, unknown>>, omitted: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answer).filter(([key]) => !omitted.includes(key)));
}

function tooLong(name: string, text: string, limit: number): ServiceError {
  return new ServiceError(
    "payload_too_large",
    `the answer of ${name} is ${text.length} characters, over the limit of ${limit}; ` +
      `its first ${SHOWN_OF_TOO_LONG_CHARS} are in "beginning", ask for less (a limit, one GPU, one node) to get the rest`,
    { data: { beginning: text.slice(0, SHOWN_OF_TOO_LONG_CHARS) } },
  );
}

/** An unexpected failure keeps its details in the log: its message may hold paths or addresses of the server. */
function toErrorResult<Context>({ name, example }: Tool<Context>, error: unknown): CallToolResult {
  const body =
    error instanceof ServiceError
      ? {
          error: errorMessage(error),
          code: error.code,
          retryable: error.retryable,
          ...(error.problems.length > 0 && { problems: error.problems }),
          ...error.data,
          ...(error.code === "invalid_input" && example !== undefined && { example }),
        }
      : { error: `${name} broke unexpectedly; the server's log has the reason`, code: "tool_failed", retryable: false };
  // No structuredContent: clients check that against the output schema, which an error does not have.
  return { content: [{ type: "text", text: JSON.stringify(body) }], isError: true };
}
