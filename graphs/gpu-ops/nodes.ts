import { AIMessage, type ToolMessage } from "@langchain/core/messages";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";

import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { ToolClient, ToolDescription } from "../../mcp/client/tool-client.ts";
import { countTurns, currentTurn, isRecord, readExchanges } from "../conversation.ts";
import { executeTools } from "../execute-tools.ts";
import type { BoundModel } from "../model/types.ts";
import { hasCalls, reason } from "../reason.ts";
import { RunContext, readRunContext, stepLimit, threadIdOf } from "../run-context.ts";
import { healthArgs } from "./offline-policy/flow-health.ts";
import type { IntentKind } from "./offline-policy/intent.ts";
import { viewConversation } from "./offline-policy/view.ts";
import { shortenPastedLog } from "./pasted-log.ts";
import { GPU_OPS_PROMPT } from "./prompt.ts";
import { buildReport } from "./report.ts";
import { latestAssessment } from "./find-results.ts";
import { AlertResult, RaisedAlertResult } from "./results.ts";
import type { GpuOpsState, ThreadAlert } from "./state.ts";
import { gpuOpsToolRules } from "./tool-rules.ts";

export interface GpuOpsNodeOptions {
  readonly bindModel: (offered: readonly ToolDescription[]) => BoundModel;
  readonly tools: ToolClient;
  readonly maxSteps: number;
  readonly clock: Clock;
  readonly log: Log;
}

type Config = LangGraphRunnableConfig<RunContext>;
type Update = Partial<Pick<GpuOpsState, "findings" | "alerts" | "report">> & { messages: (AIMessage | ToolMessage)[] };

/** One turn of the model; the turn that calls no tools ends the run and leaves the report. */
export async function reasoner(state: GpuOpsState, config: Config, options: GpuOpsNodeOptions): Promise<Update> {
  const model = options.bindModel(await options.tools.listTools());
  const maxSteps = stepLimit(config, { configured: options.maxSteps });
  const answer = await reason({
    model,
    conversation: state.messages,
    shorten: shortenPastedLog,
    systemPrompt: GPU_OPS_PROMPT,
    maxSteps,
    config,
  });
  const turnsLeft = maxSteps - countTurns(state.messages) - 1;
  const message = turnsLeft > 0 ? withEvidenceCall(answer, state) : answer;
  if (hasCalls(message)) return { messages: [message] };
  const report = buildReport({
    messages: [...state.messages, message],
    alerts: state.alerts,
    maxSteps,
    isCutShort: turnsLeft <= 0 && readExchanges(currentTurn(state.messages)).length > 0,
  });
  return { messages: [message], report };
}

/** Runs the tool calls of the last message and keeps what they say about findings and alerts. */
export async function toolExecutor(state: GpuOpsState, config: Config, options: GpuOpsNodeOptions): Promise<Update> {
  const message = state.messages.at(-1);
  if (message === undefined || !AIMessage.isInstance(message)) return { messages: [] };
  const offered = await options.tools.listTools();
  const messages = await executeTools({
    message,
    tools: options.tools,
    offered,
    rules: gpuOpsToolRules(state, threadIdOf(config)),
    approvals: readRunContext(config, RunContext).approvals ?? "ask",
    config,
    clock: options.clock,
    log: options.log,
  });
  const found = latestAssessment(readExchanges([...state.messages, ...messages]));
  return {
    messages,
    findings: found?.assessment.findings ?? state.findings,
    alerts: mergeAlerts(state.alerts, readExchanges([message, ...messages])),
  };
}

/** Questions about the state of the machine. */
const NEEDS_LOOK: ReadonlySet<IntentKind> = new Set<IntentKind>(["health", "read_values", "act"]);

/**
 * Adds the look that is missing when a model answers a question about a machine or a log without one. A report needs
 * evidence, and so does the answer: the model sees the result and speaks again. Happens once a run, because the look
 * is then there, or has failed.
 */
function withEvidenceCall(answer: AIMessage, state: GpuOpsState): AIMessage {
  if (hasCalls(answer)) return answer;
  const view = viewConversation(state.messages);
  const isLog = view.intent.kind === "analyze_log";
  if (!isLog && !NEEDS_LOOK.has(view.intent.kind)) return answer;
  const name = isLog ? "analyze_gpu_log" : "gpu_health_check";
  const wasLookedAt = view.done.some(
    (exchange) => exchange.name === "gpu_health_check" || exchange.name === "analyze_gpu_log",
  );
  if (wasLookedAt) return answer;
  const args = isLog ? { log: "@pasted_log" } : dropUndefined(healthArgs(view));
  return new AIMessage({
    ...(answer.id === undefined ? {} : { id: answer.id }),
    content: answer.content,
    response_metadata: answer.response_metadata,
    tool_calls: [{ type: "tool_call", id: `call_evidence_${state.messages.length}`, name, args }],
  });
}

function dropUndefined(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}

/** Alerts of the thread with those that the newest results raised or changed, each once, newest state. */
function mergeAlerts(alerts: readonly ThreadAlert[], exchanges: ReturnType<typeof readExchanges>): ThreadAlert[] {
  const merged = new Map(alerts.map((alert) => [alert.alert_id, alert]));
  for (const exchange of exchanges) {
    if (exchange.isError || !isRecord(exchange.result["alert"])) continue;
    const raised = exchange.name === "generate_alert" ? RaisedAlertResult.safeParse(exchange.result) : undefined;
    const alert = AlertResult.safeParse(exchange.result["alert"]);
    if (!alert.success) continue;
    const before = merged.get(alert.data.alert_id);
    const action = exchange.args["action"];
    merged.set(alert.data.alert_id, {
      ...alert.data,
      outcome: raised?.data?.outcome ?? (typeof action === "string" ? action : (before?.outcome ?? "")),
      dispatched: raised?.data?.dispatched ?? before?.dispatched ?? false,
    });
  }
  return [...merged.values()];
}
