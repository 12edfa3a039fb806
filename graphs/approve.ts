import { interrupt } from "@langchain/langgraph";
import { z } from "zod";

import { errorMessage } from "../lib/errors.ts";

/** A tool call that must not run without a yes, and why. */
export interface PendingApproval {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly reason: string;
  /** JSON Schema of the arguments, for front ends that let people edit them. */
  readonly inputSchema?: Readonly<Record<string, unknown>>;
}

/** LangChain's human-in-the-loop request, which stock front ends show with buttons. */
export interface ApprovalRequest {
  readonly action_requests: readonly { name: string; args: Record<string, unknown>; description: string }[];
  readonly review_configs: readonly {
    action_name: string;
    allowed_decisions: readonly ("approve" | "edit" | "reject")[];
    args_schema?: Readonly<Record<string, unknown>>;
  }[];
}

export const ApprovalDecision = z.discriminatedUnion("type", [
  z.object({ type: z.literal("approve") }),
  z.object({ type: z.literal("reject"), message: z.string().optional() }),
  z.object({
    type: z.literal("edit"),
    edited_action: z.object({ name: z.string(), args: z.record(z.string(), z.unknown()) }),
  }),
]);
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

const ApprovalAnswer = z.object({ decisions: z.array(ApprovalDecision) });

export function approvalRequest(pending: readonly PendingApproval[]): ApprovalRequest {
  return {
    action_requests: pending.map(({ name, args, reason }) => ({ name, args: { ...args }, description: reason })),
    review_configs: pending.map(({ name, inputSchema }) => ({
      action_name: name,
      allowed_decisions: ["approve", "edit", "reject"] as const,
      ...(inputSchema === undefined ? {} : { args_schema: inputSchema }),
    })),
  };
}

/**
 * Interrupts the node once for all pending calls and answers one decision each, in their order. The node runs again
 * from its beginning on resume, so nothing with an effect may come before this. An answer that cannot be
 * read, or that decides another number of calls, counts as a no to all of them: doing nothing is the safe mistake.
 */
export function askApproval(pending: readonly PendingApproval[]): readonly ApprovalDecision[] {
  if (pending.length === 0) return [];
  return readDecisions(interrupt<ApprovalRequest>(approvalRequest(pending)), pending.length);
}

export function readDecisions(answer: unknown, count: number): readonly ApprovalDecision[] {
  const parsed = ApprovalAnswer.safeParse(answer);
  const problem = !parsed.success
    ? `the answer could not be read: ${errorMessage(z.prettifyError(parsed.error))}`
    : parsed.data.decisions.length === count
      ? undefined
      : `the answer holds ${parsed.data.decisions.length} decisions for ${count} actions`;
  if (parsed.success && problem === undefined) return parsed.data.decisions;
  return Array.from({ length: count }, () => ({ type: "reject" as const, message: problem }));
}
