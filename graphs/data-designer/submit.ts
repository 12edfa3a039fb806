import type { ToolMessage } from "@langchain/core/messages";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";

import { type DesignDraft, emptyDraft } from "../../engine/data/design/draft.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ToolClient, ToolDescription, ToolOutcome } from "../../mcp/client/tool-client.ts";
import { type ApprovalDecision, askApproval } from "../approve.ts";
import { type ToolRequest, callTool, toToolMessage, toolEnded, toolStarted } from "../execute-tools.ts";
import { applyEdit } from "./edit-design.ts";
import { JobResult, SubmissionResult, type ViolationResult, errorsOf, reasonOf } from "./results.ts";
import { type OpenSubmissions, SubmissionArgs, approvalOf, idempotencyKey, jobArgs, withArgs } from "./submission.ts";
import { designMeta, designRules } from "./tool-rules.ts";

export interface SubmitOptions {
  readonly open: OpenSubmissions;
  readonly design: DesignDraft | null;
  readonly tools: ToolClient;
  readonly offered: readonly ToolDescription[];
  readonly approvals: "ask" | "auto";
  readonly threadId: string | undefined;
  readonly config: LangGraphRunnableConfig;
  readonly clock: Clock;
}

export interface Submitted {
  /** One answer for each call; that of a job which has begun is marked with `FOLLOWED`. */
  readonly messages: readonly ToolMessage[];
  readonly design: DesignDraft | null;
  readonly violations?: ViolationResult[];
  readonly job?: JobResult;
}

/** Marks the answer of a job that the next visit of the node stays with. */
export const FOLLOWED = "is_followed";

/**
 * Answers the submission calls of one message. Everything before the approval only reads: the node runs again from its
 * beginning when the answer comes. A job is created once for one approval, however often that happens.
 */
export async function submit(options: SubmitOptions): Promise<Submitted> {
  const { open, design } = options;
  const creation = open.requests.find(({ name }) => name === "create_job");
  const others = open.requests.filter((request) => request !== creation);
  const plan = creation === undefined ? undefined : await planJob(creation, options);
  const decision = plan?.kind === "ready" ? decide(plan, options.approvals) : undefined;

  // From here on a person has agreed, or nothing needs a yes.
  const messages: ToolMessage[] = [];
  for (const request of others) messages.push(await answerOther(request, options));
  if (creation === undefined || plan === undefined) return { messages, design };
  const result: Created =
    plan.kind === "refused" || decision === undefined
      ? { outcome: plan.kind === "refused" ? plan.outcome : failure("no decision was made") }
      : await createJob(creation, plan, decision, options);
  const violations = plan.kind === "refused" ? plan.violations : result.violations;
  return {
    messages: [...messages, creationMessage(creation, result, open)],
    design: result.design ?? (plan.kind === "ready" ? plan.design : design),
    ...(violations === undefined ? {} : { violations }),
    ...(result.job === undefined ? {} : { job: result.job }),
  };
}

interface ReadyPlan {
  readonly kind: "ready";
  readonly design: DesignDraft;
  readonly formats: SubmissionArgs["formats"];
  readonly checked: SubmissionResult;
}
interface RefusedPlan {
  readonly kind: "refused";
  readonly outcome: ToolOutcome;
  readonly violations?: ViolationResult[];
}

interface Created {
  readonly outcome: ToolOutcome;
  readonly design?: DesignDraft;
  readonly violations?: ViolationResult[];
  readonly job?: JobResult;
}

async function planJob(creation: ToolRequest, options: SubmitOptions): Promise<ReadyPlan | RefusedPlan> {
  const args = SubmissionArgs.safeParse(creation.args);
  if (!args.success) {
    return { kind: "refused", outcome: failure(`the job was not created: ${z.prettifyError(args.error)}`) };
  }
  return checkJob(withArgs(options.design ?? emptyDraft(), args.data), args.data.formats, options);
}

/** Asks the server whether this design can be made and what it takes. */
async function checkJob(
  design: DesignDraft,
  formats: SubmissionArgs["formats"],
  options: SubmitOptions,
): Promise<ReadyPlan | RefusedPlan> {
  const request = { id: "", name: "finalize_submission", args: withoutSeed(jobArgs(design, formats)) };
  const outcome = await callQuietly(request, design, options);
  const checked = outcome.isError ? undefined : SubmissionResult.safeParse(outcome.structured).data;
  if (checked === undefined) return { kind: "refused", outcome: { isError: true, text: outcome.text } };
  if (checked.ready && errorsOf(checked.violations).length === 0) return { kind: "ready", design, formats, checked };
  const { violations } = checked;
  const structured = {
    error: "the job was not created, because the design is not ready; mend it and submit it again",
    violations,
    missing: outcome.structured?.["missing"] ?? [],
  };
  return { kind: "refused", outcome: { isError: true, text: JSON.stringify(structured), structured }, violations };
}

function decide({ design, formats, checked }: ReadyPlan, approvals: "ask" | "auto"): ApprovalDecision | undefined {
  if (approvals === "auto") return { type: "approve" };
  return askApproval([approvalOf(design, formats, checked)])[0];
}

async function createJob(
  creation: ToolRequest,
  plan: ReadyPlan,
  decision: ApprovalDecision,
  options: SubmitOptions,
): Promise<Created> {
  switch (decision.type) {
    case "approve":
      return startJob(creation, plan, options);
    case "reject": {
      const why = decision.message ? `: ${decision.message}` : "";
      const text = `the job was not created, the operator said no${why}`;
      return {
        outcome: { isError: true, text, structured: { error: text, operator_message: decision.message ?? null } },
      };
    }
    case "edit": {
      const edited = await applyEdit(decision.edited_action, plan, (request, design) =>
        callQuietly(request, design, options),
      );
      if (edited.problem !== undefined) return { outcome: failure(`the job was not created: ${edited.problem}`) };
      const checked = await checkJob(edited.design, edited.formats, options);
      if (checked.kind === "ready") return startJob(creation, checked, options);
      const { violations = [] } = checked;
      return {
        outcome: failure(`the job was not created, the operator's changes do not fit: ${reasonOf(checked.outcome)}`),
        violations,
      };
    }
  }
}

async function startJob(creation: ToolRequest, plan: ReadyPlan, options: SubmitOptions): Promise<Created> {
  const { design, formats } = plan;
  const { open, threadId, config } = options;
  const args = jobArgs(design, formats);
  config.writer?.(toolStarted({ ...creation, args }));
  const key = idempotencyKey(open, creation, { threadId, design, formats });
  const request = { ...creation, args: { ...args, idempotency_key: key } };
  const outcome = await callQuietly(request, design, options);
  const job = outcome.isError ? undefined : JobResult.safeParse(outcome.structured?.["job"]).data;
  if (job !== undefined) return { outcome: jobOutcome(job), design, job, violations: [] };
  config.writer?.(toolEnded(creation, true, 0));
  return { outcome: failure(outcome.text), design };
}

function creationMessage(request: ToolRequest, { outcome, job }: Created, { message }: OpenSubmissions): ToolMessage {
  const answer = toToolMessage(request, outcome);
  // With an id of its own the answer can be replaced when the job has ended.
  answer.id = `${message.id ?? "submission"}:${request.id}`;
  if (job !== undefined) answer.response_metadata = { [FOLLOWED]: true };
  return answer;
}

/** A job as the answer to the call that created it. */
export function jobOutcome(job: JobResult, problem?: string): ToolOutcome {
  if (job.status === "error" || job.status === "failed") {
    const structured = { error: `job ${job.id} failed: ${job.error ?? "no reason was given"}`, job };
    return { isError: true, text: JSON.stringify(structured), structured };
  }
  const structured = problem === undefined ? { job } : { job, note: `not followed to its end: ${problem}` };
  return { isError: false, text: JSON.stringify(structured), structured };
}

async function answerOther(request: ToolRequest, options: SubmitOptions): Promise<ToolMessage> {
  const { config, clock } = options;
  const startMs = clock.now();
  config.writer?.(toolStarted(request));
  const outcome =
    request.name === "create_job"
      ? failure("one job at a time: this call was left out, send it again when the other one has ended")
      : await callQuietly(request, options.design ?? emptyDraft(), options);
  config.writer?.(toolEnded(request, outcome.isError, clock.now() - startMs));
  return toToolMessage(request, designRules(NOTHING).absorb(request, outcome));
}

const NOTHING = { design: null, violations: [], preview: null, job: null };

/** A call of the node itself, which nobody is told of. */
function callQuietly(request: ToolRequest, design: DesignDraft, options: SubmitOptions): Promise<ToolOutcome> {
  const { tools, offered, config } = options;
  const meta = designMeta(
    offered.find(({ name }) => name === request.name),
    design,
  );
  return callTool(request, {
    tools,
    config: config.signal === undefined ? {} : { signal: config.signal },
    ...(meta === undefined ? {} : { meta }),
  });
}

function withoutSeed({ seed: _seed, ...args }: Record<string, unknown>): Record<string, unknown> {
  return args;
}

function failure(text: string): ToolOutcome {
  return { isError: true, text };
}
