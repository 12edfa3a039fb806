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

/**
 * What a graph adds to plain execution. Nothing here has an effect outside the node, because the node runs again after
 * an approval. `meta` and `absorb` run in call order for calls that are not read-only, so that what one call answers
 * can go along with the next.
 */
export interface ToolRules {
  /** Completes or resolves arguments before the call; the answer is what the tool and the approver see. */
  prepare(request: ToolRequest): ToolRequest;
  /** Answers in place of the tool, for example because the same was done before. */
  answerInstead(request: ToolRequest): ToolOutcome | undefined;
  /** Why this call needs a yes; undefined when it does not. */
  approvalReason(request: ToolRequest, tool: ToolDescription): string | undefined;
  /** Sent along as the request's `_meta`. Asked right before the call. */
  meta?(request: ToolRequest, tool: ToolDescription): Readonly<Record<string, unknown>> | undefined;
  /** Sees what the tool answered; what it gives back is what the thread keeps. */
  absorb?(request: ToolRequest, outcome: ToolOutcome): ToolOutcome;
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
  config.writer?.(toolStarted(request));
  const outcome = step.kind === "answer" ? step.outcome : await runCall(step.request, step.tool, options);
  const durationMs = clock.now() - startMs;
  config.writer?.(toolEnded(request, outcome.isError, durationMs));
  log.debug({ tool_name: request.name, duration_ms: durationMs, is_error: outcome.isError }, "tool call ended");
  return toToolMessage(request, outcome, step.kind === "call" ? step.note : undefined);
}

/** The answer to a call as a thread keeps it; `note` goes before the text. */
export function toToolMessage(request: ToolRequest, outcome: ToolOutcome, note?: string): ToolMessage {
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

/** Custom events around a call, for front ends that show what is going on. */
export function toolStarted(request: ToolRequest): Record<string, unknown> {
  return { type: "tool_start", name: request.name, call_id: request.id, args: summariseArgs(request.args) };
}

export function toolEnded(request: ToolRequest, isError: boolean, durationMs: number): Record<string, unknown> {
  return { type: "tool_end", name: request.name, call_id: request.id, is_error: isError, duration_ms: durationMs };
}

async function runCall(
  request: ToolRequest,
  tool: ToolDescription,
  { tools, config, rules }: ExecuteToolsOptions,
): Promise<ToolOutcome> {
  const meta = rules.meta?.(request, tool);
  const outcome = await callTool(request, { tools, config, ...(meta === undefined ? {} : { meta }) });
  return rules.absorb?.(request, outcome) ?? outcome;
}

export interface CallToolOptions {
  readonly tools: ToolClient;
  /** Its signal stops the call; its writer, when there is one, is told of progress. */
  readonly config: LangGraphRunnableConfig;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** One call whose expected failures are an outcome that a model can read. Throws on an abort and on faults of ours. */
export async function callTool(request: ToolRequest, { tools, config, meta }: CallToolOptions): Promise<ToolOutcome> {
  const { signal, writer } = config;
  try {
    return await tools.call(request.name, request.args, {
      ...(signal === undefined ? {} : { signal }),
      ...(meta === undefined ? {} : { meta }),
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
