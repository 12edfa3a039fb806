import type { z } from "zod";

/** MCP tool annotations; the client's policy reads them, so they must be true. */
export interface ToolAnnotations {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

export interface ToolCall<Context> {
  readonly context: Context;
  readonly signal: AbortSignal;
  /** Reports progress to the caller; `total` absent means unknown. */
  readonly reportProgress: (progress: { done: number; total?: number; message?: string }) => void;
  /** The request's `_meta`, as sent. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** What tools keep for the rest of this MCP connection, by a key of theirs; absent for a single call. */
  readonly session?: Map<string, unknown>;
}

/** One tool: what the model reads, what it may send, what it gets back. Expected failures throw a ServiceError. */
export interface Tool<Context> {
  readonly name: string;
  readonly description: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly annotations: ToolAnnotations;
  /** A right call, shown with the description and with every complaint about arguments. */
  readonly example?: Readonly<Record<string, unknown>>;
  /** Fields of the answer that programs need and models do not: in `structuredContent` only, not in the text. */
  readonly textOmits?: readonly string[];
  /** `input` has passed the input schema. The answer is checked against the output schema before it leaves. */
  run(input: unknown, call: ToolCall<Context>): Promise<Record<string, unknown>>;
}

export interface ToolOptions<Context, Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  readonly annotations: ToolAnnotations;
  readonly example?: Readonly<Record<string, unknown>>;
  readonly textOmits?: readonly string[];
  run(input: z.output<Input>, call: ToolCall<Context>): Promise<z.output<Output>>;
}

/** Ties the types of a tool's schemas to its `run`, then forgets them so that tools of any shape fit one list. */
export function defineTool<Context, Input extends z.ZodObject, Output extends z.ZodObject>(
  options: ToolOptions<Context, Input, Output>,
): Tool<Context> {
  return {
    ...options,
    // The schema has checked the value, so its output type holds.
    run: (input, call) => options.run(input as z.output<Input>, call),
  };
}
