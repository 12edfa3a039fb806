import { z } from "zod";

import { AssessmentFields, FindingFields } from "../../engine/gpu/assessment-fields.ts";
import type { Assessment, Finding } from "../../engine/gpu/finding.ts";
import { Action, Component, Severity, Verdict } from "../../engine/gpu/vocabulary.ts";

/** Most findings and quotations that leave in one answer; counts say what was left out. */
const MAX_FINDINGS = 60;
const MAX_EVIDENCE = 6;

const { shape: findingFields } = FindingFields;
export const FindingWire = FindingFields.extend({
  component: Component.meta(findingFields.component.meta() ?? {}),
  severity: Severity.meta(findingFields.severity.meta() ?? {}),
  verdict: Verdict.meta(findingFields.verdict.meta() ?? {}),
  action: Action.meta(findingFields.action.meta() ?? {}),
});
export type FindingWire = z.infer<typeof FindingWire>;

const { shape: assessmentFields } = AssessmentFields;

/** The rules engine's answer as tools, routes and the command line give it. */
export const AssessmentWire = AssessmentFields.extend({
  verdict: Verdict.meta(assessmentFields.verdict.meta() ?? {}),
  severity: Severity.meta(assessmentFields.severity.meta() ?? {}),
  actions: z.array(Action).meta(assessmentFields.actions.meta() ?? {}),
  forbidden_actions: z.array(Action).meta(assessmentFields.forbidden_actions.meta() ?? {}),
  findings: z.array(FindingWire).meta(assessmentFields.findings.meta() ?? {}),
});
export type AssessmentWire = z.infer<typeof AssessmentWire>;

export function toAssessmentWire(assessment: Assessment): AssessmentWire {
  return {
    verdict: assessment.verdict,
    severity: assessment.severity,
    summary: assessment.summary,
    root_cause: assessment.rootCause,
    primary: assessment.primary ?? null,
    actions: [...assessment.actions],
    forbidden_actions: [...assessment.forbiddenActions],
    findings: assessment.findings.slice(0, MAX_FINDINGS).map((finding) => toFindingWire(finding)),
    findings_left_out: Math.max(0, assessment.findings.length - MAX_FINDINGS),
    uncertainties: [...assessment.uncertainties],
    gpus: [...assessment.gpus],
    simulated: assessment.isSimulated,
  };
}

function toFindingWire(finding: Finding): FindingWire {
  return {
    rule: finding.rule,
    component: finding.component,
    host: finding.host ?? null,
    gpu: finding.gpu ?? null,
    pci: finding.pci ?? null,
    xid: finding.xid ?? null,
    sxid: finding.sxid ?? null,
    severity: finding.severity,
    verdict: finding.verdict,
    title: finding.title,
    evidence: finding.evidence.slice(0, MAX_EVIDENCE).map(({ where, quote }) => `${where}: ${quote}`),
    action: finding.action,
    source: finding.source,
    count: finding.count,
    caused_by: finding.causedBy ?? null,
  };
}

/** Fields that most tools share. */
export const nodeArgument = z.string().min(1).optional().describe("node id; absent means the first node");
export const simulatedField = z.boolean().describe("true when the data comes from a simulated node");
export const gpuIdArgument = z.number().int().min(0).describe("GPU id, counted from 0");
