import type { ToolDescription } from "./tool-client.ts";

/** Calls of one message may run side by side only when none of them changes anything. */
export function canRunInParallel(tool: ToolDescription): boolean {
  return tool.isReadOnly;
}

/** A call may be sent again after a lost connection only when a second arrival does no more than the first. */
export function canRetry(tool: ToolDescription): boolean {
  return tool.isReadOnly || tool.isIdempotent;
}

export interface ApprovalQuestion {
  readonly tool: ToolDescription;
  readonly args: Readonly<Record<string, unknown>>;
  /** True when the node is a simulation: nothing real can be harmed. Asked only where it matters. */
  readonly isSimulated: () => boolean;
}

/**
 * Why a person has to agree first, in words for that person; undefined when the call may go ahead. A full diagnostic
 * takes a real GPU away from its users for minutes; a quick one runs under the tool's own safety rules.
 */
export function approvalReason({ tool, args, isSimulated }: ApprovalQuestion): string | undefined {
  if (tool.isDestructive) return `${tool.name} can change or remove something that cannot be brought back.`;
  if (tool.name !== "run_diagnostic" || args["mode"] !== "full" || isSimulated()) return undefined;
  return "A full diagnostic puts heavy load on the GPU for minutes and needs it to be free of work.";
}
