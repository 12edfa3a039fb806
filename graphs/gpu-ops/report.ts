import { AIMessage, type BaseMessage } from "@langchain/core/messages";

import { currentTurn, readExchanges } from "../conversation.ts";
import { OFFLINE_LABEL } from "../model/types.ts";
import { closeIncidents } from "./offline-policy/diagnosis.ts";
import { allResults, latestAssessment, latestResult } from "./find-results.ts";
import { type AssessmentResult, DiagnosticResultWire, PlanResult } from "./results.ts";
import type { Report, ThreadAlert } from "./state.ts";
import { contradictions } from "./contradictions.ts";

const MAX_EVIDENCE = 40;

export interface ReportOptions {
  /** The thread with the closing answer at its end. */
  readonly messages: readonly BaseMessage[];
  readonly alerts: readonly ThreadAlert[];
  readonly maxSteps: number;
  /** The run had to end before its model or policy was done. */
  readonly isCutShort: boolean;
}

/**
 * The structured answer beside the text, from tool results alone: verdict, severity, cause, evidence and actions are
 * those of the newest assessment in the thread, whatever the model says. Where its text and the verdict disagree, the
 * verdict stands and a note says so.
 */
export function buildReport({ messages, alerts, maxSteps, isCutShort }: ReportOptions): Report {
  const turn = currentTurn(messages);
  const done = readExchanges(turn);
  const thread = readExchanges(messages);
  const found = latestAssessment(done) ?? latestAssessment(thread);
  const assessment = found?.assessment;
  const text = messages.at(-1)?.text ?? "";
  const plan =
    latestResult(done, "propose_remediation", PlanResult) ?? latestResult(thread, "propose_remediation", PlanResult);
  const diagnostics = allResults(done, "run_diagnostic", DiagnosticResultWire);
  const author = readAuthor(turn);
  return {
    verdict: assessment?.verdict ?? null,
    severity: assessment?.severity ?? null,
    summary: assessment?.summary ?? firstSentence(text),
    root_cause: assessment?.root_cause ?? "",
    evidence: [
      ...(assessment === undefined ? [] : evidenceOf(assessment)),
      ...diagnostics.map((result) => `${result.test} gpu ${result.gpu_id}: ${result.outcome}: ${result.conclusion}`),
    ].slice(0, MAX_EVIDENCE),
    actions: assessment?.actions ?? [],
    forbidden_actions: assessment?.forbidden_actions ?? [],
    gpus: assessment?.gpus ?? [],
    incidents: closeIncidents(done).map(({ id, title, similarity_score }) => ({ id, title, similarity_score })),
    remediation: assessment?.verdict === "healthy" ? [] : (plan?.steps ?? []),
    alerts: [...alerts],
    uncertainties: assessment?.uncertainties ?? [],
    simulated: assessment?.simulated ?? done.some((exchange) => exchange.result["simulated"] === true),
    answered_by: author.answeredBy,
    notes: [
      ...author.notes,
      ...(isCutShort ? [`The run stopped at its limit of ${maxSteps} steps.`] : []),
      ...(assessment === undefined || author.isOffline ? [] : contradictions(text, assessment)),
      ...thread
        .slice(thread.length - done.length)
        .filter((exchange) => exchange.isError)
        .map((exchange) => `${exchange.name} failed: ${exchange.text.slice(0, 300)}`),
    ],
  };
}

/** Causes before effects is the engine's order; the finding that decided comes first. */
function evidenceOf(assessment: AssessmentResult): string[] {
  const primary = assessment.findings.find((finding) => finding.rule === assessment.primary);
  return [...new Set([...(primary?.evidence ?? []), ...assessment.findings.flatMap((finding) => finding.evidence)])];
}

/** Who wrote the answer, and whether somebody else was asked first. */
function readAuthor(turn: readonly BaseMessage[]): { answeredBy: string; notes: string[]; isOffline: boolean } {
  const answers = turn.filter((message) => AIMessage.isInstance(message));
  const last: unknown = answers.at(-1)?.response_metadata["answered_by"];
  const answeredBy = typeof last === "string" ? last : OFFLINE_LABEL;
  const fallback = answers.find((message) => typeof message.response_metadata["fallback_reason"] === "string");
  if (fallback === undefined) return { answeredBy, notes: [], isOffline: answeredBy === OFFLINE_LABEL };
  const from = String(fallback.response_metadata["fallback_from"]);
  const reason = String(fallback.response_metadata["fallback_reason"]);
  return {
    answeredBy: `${OFFLINE_LABEL} (fallback for ${from})`,
    notes: [`The model ${from} failed: ${reason}. The offline policy went on.`],
    isOffline: true,
  };
}

function firstSentence(text: string): string {
  return (/^[\s\S]{1,300}?(?:[.!?](?=\s|$)|\n|$)/.exec(text.trim())?.[0] ?? text.slice(0, 300)).trim();
}
