import type { ToolDescription } from "./tool-client.ts";

/** Calls of one message may run side by side only when none of them changes anything. */
export function canRunInParallel(tool: ToolDescription): boolean {
  return tool.isReadOnly;
}

/** A call may be sent again after a lost connection only when a second arrival does no more than the first. */
export function canRetry(tool: ToolDescription): boolean {
  return tool.isReadOnly || tool.isIdempotent;
}

/** Diagnostics that put load on the GPU; the others only read counters and move a little data. */
const STRESS_TESTS: ReadonlySet<unknown> = new Set(["memory_stress", "compute_stress", "thermal_profile"]);

export interface ApprovalQuestion {
  readonly tool: ToolDescription;
  readonly args: Readonly<Record<string, unknown>>;
  /** True when the GPU source is a simulation: nothing real can be harmed. */
  readonly isSimulated: boolean;
}

/**
 * Why a person has to agree first, in words for that person; undefined when the call may go ahead.
 * On real hardware a full diagnostic or a stress test takes the GPU away from its users for minutes.
 */
export function approvalReason({ tool, args, isSimulated }: ApprovalQuestion): string | undefined {
  if (tool.isDestructive) return `${tool.name} can change or remove something that cannot be brought back`;
  if (tool.name !== "run_diagnostic" || isSimulated) return undefined;
  if (args["mode"] === "full") return "a full diagnostic loads the GPU for minutes";
  if (STRESS_TESTS.has(args["test_name"])) return `${String(args["test_name"])} puts load on the GPU`;
  return undefined;
}
