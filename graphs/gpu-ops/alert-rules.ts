import { shouldRaiseAlert } from "../../engine/gpu/assess/alerting.ts";
import type { BaseMessage } from "@langchain/core/messages";

import type { ToolOutcome } from "../../mcp/client/tool-client.ts";
import { type ToolExchange, readExchanges } from "../conversation.ts";
import type { ToolRequest } from "../execute-tools.ts";
import { alertNode, singleGpu } from "./offline-policy/diagnosis.ts";
import { viewConversation } from "./offline-policy/view.ts";
import { latestAssessment, primaryFinding } from "./find-results.ts";
import type { GpuOpsState, ThreadAlert } from "./state.ts";

/**
 * Completes an alert from the newest assessment, so that alerts about one fault carry the same rule, GPU and node
 * whoever wrote them, which is what makes two alerts the same. A request about another GPU is left alone.
 */
export function completeAlert(
  request: ToolRequest,
  exchanges: readonly ToolExchange[],
  threadId?: string,
): ToolRequest {
  const thread = threadId === undefined ? {} : { thread_id: threadId };
  const found = latestAssessment(exchanges);
  const finding = found && primaryFinding(found.assessment);
  if (found === undefined || finding === undefined) return { ...request, args: { ...request.args, ...thread } };
  const gpu = singleGpu(found.assessment);
  const node = alertNode(found);
  const asked = request.args["gpu_id"];
  const isOtherGpu = typeof asked === "number" && asked !== gpu;
  const known = isOtherGpu
    ? {}
    : {
        rule: finding.rule,
        component: finding.component,
        ...(gpu === undefined ? {} : { gpu_id: gpu }),
        ...(node === undefined ? {} : { node }),
        evidence: found.assessment.findings.flatMap((each) => each.evidence).slice(0, 8),
      };
  return { ...request, args: { ...known, ...request.args, ...thread } };
}

/**
 * An answer in place of the tool: the fault has an open alert in this thread, or the assessment says that nothing is
 * wrong with the machine and the user did not ask for an alert. The alert book would fold the first into one as
 * well; here it also keeps its count true.
 */
export function refuseAlert(request: ToolRequest, state: GpuOpsState): ToolOutcome | undefined {
  const standing = state.alerts.find((alert) => alert.status !== "closed" && isSameFault(alert, request));
  if (standing !== undefined) {
    return {
      isError: false,
      text: `Not raised again: ${standing.alert_id} "${standing.title}" stands for this fault in this thread (${standing.status}).`,
    };
  }
  const found = latestAssessment(readExchanges(state.messages));
  if (found === undefined || shouldRaiseAlert(found.assessment) || asksForAlert(state.messages)) return undefined;
  return {
    isError: true,
    text: `Not raised: the assessment says "${found.assessment.verdict}", which is no fault of the machine. Alerts for it are raised only when the user asks for one.`,
  };
}

function isSameFault(alert: ThreadAlert, { args }: ToolRequest): boolean {
  const gpu = typeof args["gpu_id"] === "number" ? args["gpu_id"] : null;
  if (alert.gpu !== gpu || (args["node"] !== undefined && alert.node !== args["node"])) return false;
  if (alert.rule !== null || args["rule"] !== undefined) return alert.rule === args["rule"];
  return alert.title === args["title"];
}

function asksForAlert(messages: readonly BaseMessage[]): boolean {
  return viewConversation(messages).intent.kind === "raise_alert";
}
