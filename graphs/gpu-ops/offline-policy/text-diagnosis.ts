import { primaryFinding } from "../find-results.ts";
import type { AssessmentResult, FindingResult } from "../results.ts";
import { type Diagnosis, faultNode, isAboutOthers } from "./diagnosis.ts";
import { describeAlert, describeRaised } from "./text-alerts.ts";
import { describeDiagnostic } from "./text-lookups.ts";
import { planSteps } from "./text-plan.ts";
import { describeGpus } from "./text-values.ts";
import { actionText, gpuList, quoted, sentence } from "./text-words.ts";

const MAX_EVIDENCE = 6;
const MAX_OTHER_FINDINGS = 5;
/** Past incidents named in the text beside the closest; the report has all that came close. */
const MAX_FURTHER_INCIDENTS = 1;

export interface DescribeOptions {
  readonly gpuIds: readonly number[];
  /** The user sees something go wrong. */
  readonly isComplaint?: boolean;
}

/** The whole answer to a question about a machine or a log, built from tool results alone. */
export function describeDiagnosis(diagnosis: Diagnosis, options: DescribeOptions): string {
  const { assessment } = diagnosis.found;
  if (isAboutOthers(assessment, options.gpuIds)) return describeOthers(diagnosis, options.gpuIds);
  const isHealthy = assessment.verdict === "healthy";
  const isListed = isHealthy || options.gpuIds.length > 0;
  return joined(
    headline(diagnosis),
    causeLine(assessment),
    evidenceList(assessment),
    isListed ? describeGpus(diagnosis.health?.gpus ?? [], options.gpuIds) : undefined,
    otherFindings(assessment),
    isHealthy && options.isComplaint === true ? ELSEWHERE : undefined,
    ...diagnosis.diagnostics.map(describeDiagnostic),
    isHealthy ? undefined : passNote(diagnosis),
    isHealthy ? undefined : planSteps(assessment, diagnosis.plan),
    incidentLine(diagnosis),
    alertLine(diagnosis),
    logLine(diagnosis),
    uncertaintyList(assessment),
    originLine(diagnosis),
  );
}

const ELSEWHERE =
  "The GPUs do not explain what you see. Look outside them: the data loader, storage, the network, and the other nodes of the job.";

/** The GPUs asked about are fine; what is wrong elsewhere is only named, unless it was worked off. */
function describeOthers(diagnosis: Diagnosis, gpuIds: readonly number[]): string {
  const { assessment } = diagnosis.found;
  const isWorkedOff = diagnosis.plan !== undefined;
  return joined(
    `${gpuList(gpuIds)} ${gpuIds.length === 1 ? "is" : "are"} not at fault.`,
    describeGpus(diagnosis.health?.gpus ?? [], gpuIds),
    `Another part of this node needs attention: ${stateLine(assessment)}`,
    isWorkedOff ? evidenceList(assessment) : undefined,
    isWorkedOff ? planSteps(assessment, diagnosis.plan) : undefined,
    alertLine(diagnosis),
    originLine(diagnosis),
  );
}

/** What is wrong in one line, for answers that are about something else. */
export function verdictLine(assessment: AssessmentResult): string {
  return `**${assessment.verdict}** (${assessment.severity}): ${sentence(assessment.root_cause || assessment.summary)}`;
}

/** The same with what to do about it. */
export function stateLine(assessment: AssessmentResult): string {
  return `${verdictLine(assessment)} First step: ${actionText(assessment.actions[0])}.`;
}

function headline({ found, health }: Diagnosis): string {
  const { assessment } = found;
  const simulated = health?.simulated === true || assessment.simulated ? ", simulated" : "";
  const node = faultNode(found);
  const where = node === undefined ? "" : ` on ${node}${simulated}`;
  if (assessment.verdict === "healthy" && found.tool === "analyze_gpu_log") {
    return `**Healthy** as far as this log tells${where}. ${sentence(assessment.summary)}`;
  }
  if (assessment.verdict === "healthy") return `**Healthy**${where}: ${sentence(assessment.summary)}`;
  const about = assessment.gpus.length === 0 ? "" : `, ${gpuList(assessment.gpus)}`;
  return `**${assessment.verdict}** (${assessment.severity}${about})${where}\n${sentence(assessment.summary)}`;
}

function causeLine({ verdict, summary, root_cause: cause }: AssessmentResult): string | undefined {
  return verdict === "healthy" || summary.includes(cause.replace(/\.$/, "")) ? undefined : `**Cause:** ${cause}`;
}

function evidenceList(assessment: AssessmentResult): string | undefined {
  const primary = primaryFinding(assessment);
  const ordered = [
    ...(primary?.evidence ?? []),
    ...assessment.findings.filter((finding) => finding !== primary).flatMap((finding) => finding.evidence),
  ];
  const evidence = [...new Set(ordered)];
  if (evidence.length === 0 || assessment.verdict === "healthy") return undefined;
  const shown = evidence.slice(0, MAX_EVIDENCE).map((quote) => `- ${quoted(quote)}`);
  const left = evidence.length - shown.length;
  return ["**Evidence:**", ...shown, ...(left > 0 ? [`- and ${left} more in the report`] : [])].join("\n");
}

/** What follows from the cause, and what does not; one line for the same finding on several GPUs. */
function otherFindings(assessment: AssessmentResult): string | undefined {
  const primary = assessment.verdict === "healthy" ? undefined : primaryFinding(assessment);
  const others = assessment.findings.filter((finding) => finding !== primary && finding.title !== primary?.title);
  const follows = others.filter((finding) => finding.caused_by !== null);
  return joined(
    findingList("**Follows from it:**", follows),
    findingList(
      "**Also seen:**",
      others.filter((finding) => finding.caused_by === null),
    ),
  );
}

function findingList(title: string, findings: readonly FindingResult[]): string | undefined {
  if (findings.length === 0) return undefined;
  const groups = [...Map.groupBy(findings, (finding) => finding.title).values()];
  const shown = groups.slice(0, MAX_OTHER_FINDINGS).map((group) => {
    const gpus = [...new Set(group.flatMap(({ gpu }) => gpu ?? []))];
    const times = group.reduce((sum, { count }) => sum + count, 0);
    const where = gpus.length === 0 ? "" : `${gpuList(gpus)}: `;
    return `- ${where}${group[0]?.title ?? ""}${times > group.length ? ` (${times} times)` : ""}`;
  });
  const left = groups.length - shown.length;
  return [title, ...shown, ...(left > 0 ? [`- and ${left} more in the report`] : [])].join("\n");
}

/** A test that passes in a minute is no proof against what led to it. */
function passNote({ diagnostics }: Diagnosis): string | undefined {
  return diagnostics.some(({ outcome, mode }) => outcome === "pass" && mode === "quick")
    ? "A quick test that passes does not clear the GPU; the longer one in the plan can."
    : undefined;
}

function incidentLine({ incidents, wasSearched }: Diagnosis): string | undefined {
  if (incidents.length === 0) return wasSearched ? "**Similar past incidents:** none close enough." : undefined;
  // Beside the closest only what shares an XID with the fault: words alone bring up much that is about something else.
  const [closest, ...others] = incidents;
  const further = others.filter((incident) => incident.matched_by.includes("xid")).slice(0, MAX_FURTHER_INCIDENTS);
  const names = [closest, ...further].map((incident) => `${incident?.id} ${incident?.title}`);
  return `**Similar past incident${names.length === 1 ? "" : "s"}:** ${names.join("; ")}`;
}

function alertLine({ raised, standing }: Diagnosis): string | undefined {
  if (raised !== undefined) return describeRaised(raised);
  return standing === undefined
    ? undefined
    : `**Alert:** ${describeAlert(standing)} stands already; no second one was raised.`;
}

function logLine({ log }: Diagnosis): string | undefined {
  if (log === undefined) return undefined;
  const skipped = log.skipped_lines > 0 ? `, ${log.skipped_lines} of them unreadable and skipped` : "";
  const hosts = log.hosts.length > 1 ? `; it mixes the hosts ${log.hosts.join(", ")}` : "";
  return `The log has ${log.total_lines} line${log.total_lines === 1 ? "" : "s"}${skipped}${hosts}.`;
}

function uncertaintyList(assessment: AssessmentResult): string | undefined {
  if (assessment.uncertainties.length === 0) return undefined;
  return ["**Not certain:**", ...assessment.uncertainties.slice(0, 5).map((text) => `- ${sentence(text)}`)].join("\n");
}

function originLine({ health, found }: Diagnosis): string {
  const simulated = health?.simulated === true || found.assessment.simulated ? "This node is simulated. " : "";
  return `${simulated}Answered by the built-in offline policy.`;
}

/** "Why?": every finding with its rule, its evidence and the document the rule comes from. */
export function explainAssessment(assessment: AssessmentResult): string {
  if (assessment.findings.length === 0) return "Nothing was found that points to a fault.";
  const findings = assessment.findings
    .slice(0, 10)
    .map((finding) =>
      [
        `**${finding.title}**${finding.gpu === null ? "" : ` (GPU ${finding.gpu})`}`,
        ...finding.evidence.slice(0, 4).map((quote) => `- ${quoted(quote)}`),
        ...(finding.caused_by === null ? [] : [`- follows from \`${finding.caused_by}\``]),
        `- rule \`${finding.rule}\`, ${finding.severity}${finding.source === "" ? "" : `; source: ${finding.source}`}`,
      ].join("\n"),
    );
  const left = assessment.findings.length - findings.length;
  const decided = assessment.primary === null ? "" : ` The rule \`${assessment.primary}\` decided it.`;
  return joined(
    `The verdict is ${assessment.verdict} (${assessment.severity}).${decided}`,
    primaryFinding(assessment)?.title === undefined ? assessment.root_cause : undefined,
    ...findings,
    left > 0 ? `${left} more findings are in the report.` : undefined,
    assessment.simulated ? "This node is simulated." : undefined,
  );
}

function joined(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join("\n\n");
}
