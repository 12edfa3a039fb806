import { type AIMessage, ToolMessage } from "@langchain/core/messages";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";

import type { Clock } from "../lib/clock.ts";
import { ServiceError, errorMessage } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { ToolClient, ToolDescription, ToolOutcome } from "../mcp/client/tool-client.ts";
import { canRunInParallel } from "../mcp/client/tool-policy.ts";
import { type ApprovalDecision, askApproval } from "./approve.ts";

export interface ToolRequest {
  readonly id: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a graph adds to plain execution. Every function is pure: the node runs again after an approval. */
export interface ToolRules {
  /** Completes or resolves arguments before the call; the answer is what the tool and the approver see. */
  prepare(request: ToolRequest): ToolRequest;
  /** Answers in place of the tool, for example because the same was done before. */
  answerInstead(request: ToolRequest): ToolOutcome | undefined;
  /** Why this call needs a yes; undefined when it does not. */
  approvalReason(request: ToolRequest, tool: ToolDescription): string | undefined;
}

export interface ExecuteToolsOptions {
  readonly message: AIMessage;
  readonly tools: ToolClient;
  readonly offered: readonly ToolDescription[];
  readonly rules: ToolRules;
  readonly approvals: "ask" | "auto";
  readonly config: LangGraphRunnableConfig;
  readonly clock: Clock;
  readonly log: Log;
}

type Step =
  | { readonly kind: "answer"; readonly request: ToolRequest; readonly outcome: ToolOutcome }
  | { readonly kind: "call"; readonly request: ToolRequest; readonly tool: ToolDescription; readonly note?: string };

/**
 * Runs the calls of one AI message and answers one tool message each, in call order. Neighbouring read-only calls run
 * side by side, the others one after the other. A call that fails, is unknown, is unreadable or is refused is told to
 * the model and the run goes on; only an abort ends it.
 */
export async function executeTools(options: ExecuteToolsOptions): Promise<ToolMessage[]> {
  const steps = withDecisions(planSteps(options), options);
  const messages: ToolMessage[] = [];
  for (let at = 0; at < steps.length;) {
    let end = at + 1;
    while (end < steps.length && mayOverlap(steps[at]) && mayOverlap(steps[end])) end += 1;
    messages.push(...(await Promise.all(steps.slice(at, end).map((step) => runStep(step, options)))));
    at = end;
  }
  return messages;
}

function planSteps({ message, offered, rules }: ExecuteToolsOptions): Step[] {
  const byName = new Map(offered.map((tool) => [tool.name, tool]));
  const valid = (message.tool_calls ?? []).map((call): Step => {
    const request = rules.prepare({ id: call.id ?? "", name: call.name, args: call.args as Record<string, unknown> });
    const tool = byName.get(request.name);
    if (tool === undefined) {
      return answer(request, `there is no tool "${request.name}"; tools are ${[...byName.keys()].join(", ")}`);
    }
    const instead = rules.answerInstead(request);
    return instead === undefined ? { kind: "call", request, tool } : { kind: "answer", request, outcome: instead };
  });
  const invalid = (message.invalid_tool_calls ?? []).map((call) =>
    answer({ id: call.id ?? "", name: call.name ?? "", args: {} }, `${call.error ?? "unreadable call"}; send it again`),
  );
  return [...valid, ...invalid];
}

function answer(request: ToolRequest, text: string): Step {
  return { kind: "answer", request, outcome: { isError: true, text } };
}

/** Asks once for every call that needs it; before this point nothing has had an effect. */
function withDecisions(steps: readonly Step[], { rules, approvals, offered }: ExecuteToolsOptions): readonly Step[] {
  if (approvals === "auto") return steps;
  const pending = steps.flatMap((step) => {
    const reason = step.kind === "call" ? rules.approvalReason(step.request, step.tool) : undefined;
    return step.kind === "call" && reason !== undefined ? [{ step, reason }] : [];
  });
  const decisions = askApproval(
    pending.map(({ step, reason }) => ({
      name: step.request.name,
      args: step.request.args,
      reason,
      inputSchema: step.tool.inputSchema,
    })),
  );
  const decided = new Map(pending.map(({ step }, index) => [step as Step, decisions[index]]));
  return steps.map((step) => {
    const decision = decided.get(step);
    return step.kind === "call" && decision !== undefined ? applyDecision(step, decision, offered) : step;
  });
}

function applyDecision(
  step: Extract<Step, { kind: "call" }>,
  decision: ApprovalDecision,
  offered: readonly ToolDescription[],
): Step {
  switch (decision.type) {
    case "approve":
      return step;
    case "reject":
      return answer(step.request, `not run: the operator said no${decision.message ? `: ${decision.message}` : ""}`);
    case "edit": {
      const { name, args } = decision.edited_action;
      const tool = offered.find((candidate) => candidate.name === name);
      const request = { id: step.request.id, name, args };
      if (tool === undefined) return answer(request, `there is no tool "${name}", which the operator chose instead`);
      return { kind: "call", request, tool, note: `The operator changed the call to ${name} ${JSON.stringify(args)}.` };
    }
  }
}

function mayOverlap(step: Step | undefined): boolean {
  return step !== undefined && (step.kind === "answer" || canRunInParallel(step.tool));
}

async function runStep(step: Step, options: ExecuteToolsOptions): Promise<ToolMessage> {
  const { config, clock, log } = options;
  const { request } = step;
  const startMs = clock.now();
  config.writer?.({ type: "tool_start", name: request.name, call_id: request.id, args: summariseArgs(request.args) });
  const outcome = step.kind === "answer" ? step.outcome : await callTool(step.request, options);
  const durationMs = clock.now() - startMs;
  config.writer?.({
    type: "tool_end",
    name: request.name,
    call_id: request.id,
    is_error: outcome.isError,
    duration_ms: durationMs,
  });
  log.debug({ tool_name: request.name, duration_ms: durationMs, is_error: outcome.isError }, "tool call ended");
  const note = step.kind === "call" ? step.note : undefined;
  const content = note === undefined ? outcome.text : `${note}\n${outcome.text}`;
  // Every checkpoint holds every message, so a result that the text gives completely is not kept a second time.
  const isInText = outcome.structured === undefined || content === JSON.stringify(outcome.structured);
  return new ToolMessage({
    name: request.name,
    tool_call_id: request.id,
    status: outcome.isError ? "error" : "success",
    content,
    ...(isInText ? {} : { artifact: outcome.structured }),
  });
}

async function callTool(request: ToolRequest, { tools, config }: ExecuteToolsOptions): Promise<ToolOutcome> {
  const { signal, writer } = config;
  try {
    return await tools.call(request.name, request.args, {
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) =>
        writer?.({ type: "tool_progress", name: request.name, call_id: request.id, ...progress }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    // A refused, late or lost call is something the model can work around; anything else is a fault of ours.
    if (error instanceof ServiceError) return { isError: true, text: errorMessage(error) };
    throw error;
  }
}

const MAX_ARG_CHARS = 200;

/** Arguments for a progress line: long texts, such as a pasted log, are cut. */
function summariseArgs(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).map(([key, value]) => [
      key,
      typeof value === "string" && value.length > MAX_ARG_CHARS
        ? `${value.slice(0, MAX_ARG_CHARS)}… (${value.length} characters)`
        : value,
    ]),
  );
}
