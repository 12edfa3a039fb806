import { AIMessage, type BaseMessage, ToolMessage } from "@langchain/core/messages";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";

import { type Clock, isoTime } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { ToolClient, ToolDescription } from "../../mcp/client/tool-client.ts";
import { countTurns, currentTurn, readExchanges } from "../conversation.ts";
import { executeTools, toToolMessage, toolEnded } from "../execute-tools.ts";
import type { BoundModel, OfflinePolicy } from "../model/types.ts";
import { hasCalls, reason } from "../reason.ts";
import { readRunContext, stepLimit, threadIdOf } from "../run-context.ts";
import { withMissingCheck } from "./check-answer.ts";
import { followJob } from "./follow-job.ts";
import type { BriefReader } from "./offline-policy/brief-reader.ts";
import { dataDesignerPolicy } from "./offline-policy/policy.ts";
import { readBrief, viewConversation } from "./offline-policy/view.ts";
import { DATA_DESIGNER_PROMPT } from "./prompt.ts";
import { DataDesignerContext, type DataDesignerState } from "./state.ts";
import { openSubmissions } from "./submission.ts";
import { FOLLOWED, jobOutcome, submit } from "./submit.ts";
import { buildSummary } from "./summary.ts";
import { SUBMISSION_TOOLS, designRules } from "./tool-rules.ts";

export interface DataDesignerNodeOptions {
  readonly bindModel: (offered: readonly ToolDescription[], policy: OfflinePolicy) => BoundModel;
  readonly brief: BriefReader;
  readonly tools: ToolClient;
  readonly maxSteps: number;
  readonly clock: Clock;
  readonly log: Log;
}

type Config = LangGraphRunnableConfig<DataDesignerContext>;
type Update = Partial<Omit<DataDesignerState, "messages">> & { messages: BaseMessage[] };

/** Nodes that submissions of one run visit beside its steps: twice a submitter, for two of them. */
const SPARE_NODES = 4;

/** One turn of the model; the turn that calls no tools ends the run and leaves the summary. */
export async function reasoner(
  state: DataDesignerState,
  config: Config,
  options: DataDesignerNodeOptions,
): Promise<Update> {
  const { brief, tools, clock } = options;
  const today = readRunContext(config, DataDesignerContext).today ?? isoTime(clock.now()).slice(0, 10);
  const { design, violations, preview, job } = state;
  const seen = { design, violations, preview, job, today };
  const maxSteps = stepLimit(config, { configured: options.maxSteps, spareNodes: SPARE_NODES });
  const answer = await reason({
    model: options.bindModel(await tools.listTools(), dataDesignerPolicy(seen, brief)),
    conversation: state.messages,
    systemPrompt: DATA_DESIGNER_PROMPT,
    maxSteps,
    config,
  });
  const turnsLeft = maxSteps - countTurns(state.messages) - 1;
  const message = turnsLeft > 0 ? withMissingCheck(answer, state) : answer;
  if (hasCalls(message)) return { messages: [message] };
  const messages = [...state.messages, message];
  const done = readExchanges(currentTurn(state.messages));
  const reading = done.some(({ name }) => name === "init_config")
    ? readBrief(viewConversation(state.messages, seen, brief))
    : undefined;
  const summary = buildSummary({
    messages,
    design,
    job,
    assumptions: reading?.kind === "design" ? reading.assumptions : (state.summary?.assumptions ?? []),
    maxSteps,
    isCutShort: turnsLeft <= 0 && done.length > 0,
  });
  return { messages: [message], summary };
}

/** Runs the tool calls of the last message, submissions excepted, and keeps the design as they leave it. */
export async function toolExecutor(
  state: DataDesignerState,
  config: Config,
  options: DataDesignerNodeOptions,
): Promise<Update> {
  const message = state.messages.at(-1);
  if (message === undefined || !AIMessage.isInstance(message)) return { messages: [] };
  const rules = designRules(state);
  const messages = await executeTools({
    message: withoutSubmissions(message),
    tools: options.tools,
    offered: await options.tools.listTools(),
    rules,
    approvals: readRunContext(config, DataDesignerContext).approvals ?? "ask",
    config,
    clock: options.clock,
    log: options.log,
  });
  return { messages, ...rules.work() };
}

/** First visit: asks for approval and creates the job. Second visit: stays with it until it has ended. */
export async function submitter(
  state: DataDesignerState,
  config: Config,
  options: DataDesignerNodeOptions,
): Promise<Update> {
  const { tools, clock } = options;
  const open = openSubmissions(state.messages);
  if (open === undefined) return follow(state, config, options);
  const { messages, design, violations, job } = await submit({
    open,
    design: state.design,
    tools,
    offered: await tools.listTools(),
    approvals: readRunContext(config, DataDesignerContext).approvals ?? "ask",
    threadId: threadIdOf(config),
    config,
    clock,
  });
  return {
    messages: [...messages],
    design,
    ...(violations === undefined ? {} : { violations }),
    ...(job === undefined ? {} : { job }),
  };
}

/** The job is in the state before this begins, so that a run that is stopped here does not lose it. */
async function follow(state: DataDesignerState, config: Config, options: DataDesignerNodeOptions): Promise<Update> {
  const answer = followedAnswer(state.messages);
  if (answer === undefined || state.job === null) return { messages: [] };
  const startMs = options.clock.now();
  const { job, problem } = await followJob({ job: state.job, tools: options.tools, config, clock: options.clock });
  const { isError, ...outcome } = jobOutcome(job, problem);
  const request = { id: answer.tool_call_id, name: answer.name ?? "create_job", args: {} };
  config.writer?.(toolEnded(request, isError, options.clock.now() - startMs));
  const message = toToolMessage(request, { isError, ...outcome });
  // The same id: it takes the place of the answer that the job has begun.
  if (answer.id !== undefined) message.id = answer.id;
  return { messages: [message], job };
}

export function afterReasoner({ messages }: DataDesignerState): "tool_executor" | "end" {
  return hasCalls(messages.at(-1)) ? "tool_executor" : "end";
}

export function afterTools({ messages }: DataDesignerState): "submitter" | "reasoner" {
  return openSubmissions(messages) === undefined ? "reasoner" : "submitter";
}

export function afterSubmission({ messages, job }: DataDesignerState): "submitter" | "reasoner" {
  return job !== null && followedAnswer(messages) !== undefined ? "submitter" : "reasoner";
}

/** The answer of the job that nobody has followed to its end yet, among those to the newest AI message. */
function followedAnswer(messages: readonly BaseMessage[]): ToolMessage | undefined {
  const at = messages.findLastIndex((message) => AIMessage.isInstance(message));
  return messages
    .slice(at + 1)
    .filter((message) => ToolMessage.isInstance(message))
    .find(({ response_metadata: meta }) => meta[FOLLOWED] === true);
}

function withoutSubmissions(message: AIMessage): AIMessage {
  return new AIMessage({
    ...(message.id === undefined ? {} : { id: message.id }),
    content: message.content,
    tool_calls: (message.tool_calls ?? []).filter(({ name }) => !SUBMISSION_TOOLS.has(name)),
    invalid_tool_calls: message.invalid_tool_calls ?? [],
  });
}
