import { MessagesValue, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

import { Severity, Verdict } from "../../engine/gpu/vocabulary.ts";
import { AlertResult, FindingResult, IncidentResult, PlanStep } from "./results.ts";

/** An alert this thread raised or changed, as it stood when the thread last saw it. */
export const ThreadAlert = AlertResult.extend({
  /** `created`, `deduplicated`, `reopened`, or the change that was asked for. */
  outcome: z.string(),
  /** A notification was accepted by its channel. Never guessed. */
  dispatched: z.boolean(),
});
export type ThreadAlert = z.infer<typeof ThreadAlert>;

export const Report = z.object({
  /** From the rules engine, never from a model; null when the question was not about the state of a GPU or a log. */
  verdict: Verdict.nullable(),
  severity: Severity.nullable(),
  summary: z.string(),
  root_cause: z.string(),
  /** Quotations as `<where>: <quote>`, causes first. */
  evidence: z.array(z.string()),
  /** The immediate action first; empty without a verdict. */
  actions: z.array(z.string()),
  forbidden_actions: z.array(z.string()),
  gpus: z.array(z.number()),
  incidents: z.array(IncidentResult.pick({ id: true, title: true, similarity_score: true })),
  remediation: z.array(PlanStep),
  alerts: z.array(ThreadAlert),
  uncertainties: z.array(z.string()),
  simulated: z.boolean(),
  answered_by: z.string(),
  notes: z.array(z.string()),
});
export type Report = z.infer<typeof Report>;

/** `messages` carries `langgraph_type: "messages"`, which gives Studio its chat view. */
export const GpuOpsState = new StateSchema({
  messages: MessagesValue,
  /** Findings of the newest assessment. */
  findings: z.array(FindingResult).default(() => []),
  /** Every alert this thread raised or changed, newest state each. */
  alerts: z.array(ThreadAlert).default(() => []),
  /** Left by the last turn of a run; null before the first run has ended. */
  report: Report.nullable().default(null),
});
export type GpuOpsState = typeof GpuOpsState.State;
