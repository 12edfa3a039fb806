import {
  type AssessmentResult,
  type FindingResult,
  type GpuHealthResult,
  type PlanResult,
  type PlanStep,
  primaryFinding,
} from "../results.ts";
import { type Diagnosis, isAboutOthers } from "./diagnosis.ts";
import { describeAlert, describeRaised } from "./text-alerts.ts";
import { describeDiagnostic } from "./text-lookups.ts";

type Plan = ReturnType<typeof PlanResult.parse>;

const MAX_EVIDENCE = 6;
const MAX_STEPS = 12;
const MAX_OTHER_FINDINGS = 5;

/** The whole answer to a question about a machine or a log, built from tool results alone. */
export function describeDiagnosis(diagnosis: Diagnosis, options: { gpuIds: readonly number[] }): string {
  const { found, plan } = diagnosis;
  const { assessment } = found;
  const isElsewhere = isAboutOthers(assessment, options.gpuIds);
  const isListed = isElsewhere || assessment.verdict === "healthy" || options.gpuIds.length > 0;
  const gpus = isListed ? gpuLines(diagnosis, options.gpuIds) : undefined;
  const parts = [
    isElsewhere ? `GPU ${options.gpuIds.join(", ")} is not at fault; another part of this node is.` : undefined,
    isElsewhere ? gpus : undefined,
    headline(assessment, found.node),
    assessment.summary.includes(assessment.root_cause) ? undefined : `**Cause:** ${assessment.root_cause}`,
    evidenceList(assessment),
    isElsewhere ? undefined : gpus,
    otherFindings(assessment),
    ...diagnosis.diagnostics.map(describeDiagnostic),
    assessment.verdict === "healthy" ? undefined : stepList(assessment, plan),
    incidentList(diagnosis),
    alertLine(diagnosis),
    logLine(diagnosis),
    uncertaintyList(assessment),
    originLine(diagnosis),
  ];
  return parts.filter((part) => part !== undefined && part !== "").join("\n\n");
}

function headline(assessment: AssessmentResult, node: string | undefined): string {
  const where = node === undefined ? "" : ` on ${node}`;
  const about = assessment.gpus.length === 0 ? "" : `, GPU ${assessment.gpus.join(", ")}`;
  if (assessment.verdict === "healthy") return `**Healthy**${where}: ${assessment.summary}`;
  return `**${assessment.verdict}** (${assessment.severity}${about})${where}: ${assessment.summary}`;
}

function evidenceList(assessment: AssessmentResult): string | undefined {
  const primary = primaryFinding(assessment);
  const ordered = [
    ...(primary?.evidence ?? []),
    ...assessment.findings.filter((finding) => finding !== primary).flatMap((finding) => finding.evidence),
  ];
  const evidence = [...new Set(ordered)];
  if (evidence.length === 0 || assessment.verdict === "healthy") return undefined;
  const shown = evidence.slice(0, MAX_EVIDENCE).map((quote) => `- \`${quote.replaceAll("`", "'").slice(0, 300)}\``);
  const left = evidence.length - shown.length;
  return ["**Evidence:**", ...shown, ...(left > 0 ? [`- and ${left} more in the report`] : [])].join("\n");
}

function otherFindings(assessment: AssessmentResult): string | undefined {
  const primary = primaryFinding(assessment);
  const others = assessment.findings.filter((finding) => finding !== primary && finding.title !== primary?.title);
  if (others.length === 0) return undefined;
  const shown = others.slice(0, MAX_OTHER_FINDINGS).map(findingLine);
  const left = others.length - shown.length;
  return ["**Also seen:**", ...shown, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n");
}

function findingLine(finding: FindingResult): string {
  const where = finding.gpu === null ? "" : `GPU ${finding.gpu}: `;
  const times = finding.count > 1 ? ` (${finding.count} times)` : "";
  return `- ${where}${finding.title}${times}${finding.caused_by === null ? "" : `, explained by ${finding.caused_by}`}`;
}

function stepList(assessment: AssessmentResult, plan: Plan | undefined): string | undefined {
  if (plan === undefined || plan.steps.length === 0) {
    const actions = assessment.actions.filter((action) => action !== "NONE");
    return actions.length === 0 ? undefined : `**What to do:** ${actions.join(", then ")}`;
  }
  const shown = plan.steps.slice(0, MAX_STEPS).map((step) => stepLine(step, assessment.actions[0]));
  const left = plan.steps.length - shown.length;
  const forbidden =
    assessment.forbidden_actions.length === 0 ? [] : [`Do not: ${assessment.forbidden_actions.join(", ")}.`];
  return [
    `**What to do** (immediate action ${assessment.actions[0] ?? "NONE"}):`,
    ...shown,
    ...(left > 0 ? [`(${left} more steps are in the plan.)`] : []),
    ...forbidden,
  ].join("\n");
}

/** The command is given for the immediate action; those of the other steps stand in the report. */
function stepLine(step: PlanStep, immediate: string | undefined): string {
  const command = step.command && step.action === immediate ? `: \`${step.command.split("\n")[0]}\`` : "";
  return `${step.order}. ${step.title}${command}${step.needs_approval ? " (needs approval)" : ""}`;
}

function incidentList({ incidents, wasSearched }: Diagnosis): string | undefined {
  if (incidents.length === 0) return wasSearched ? "**Similar incidents:** none close enough." : undefined;
  const lines = incidents.map(
    (incident) => `- ${incident.id} ${incident.title} (similarity ${incident.similarity_score})`,
  );
  return ["**Similar incidents:**", ...lines].join("\n");
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
  return `The log has ${log.total_lines} lines${skipped}${hosts}.`;
}

function uncertaintyList(assessment: AssessmentResult): string | undefined {
  if (assessment.uncertainties.length === 0) return undefined;
  return ["**Not certain:**", ...assessment.uncertainties.slice(0, 5).map((text) => `- ${text}`)].join("\n");
}

function originLine({ health, found }: Diagnosis): string {
  const simulated = health?.simulated === true || found.assessment.simulated ? "This node is simulated. " : "";
  return `${simulated}Answered by the built-in offline policy.`;
}

function gpuLines({ health }: Diagnosis, gpuIds: readonly number[]): string | undefined {
  const gpus = (health?.gpus ?? []).filter((gpu) => gpuIds.length === 0 || gpuIds.includes(gpu.gpu_id));
  return gpus.length === 0 ? undefined : gpus.slice(0, 16).map(gpuLine).join("\n");
}

/** One line a GPU; a value the source does not report is left out. */
function gpuLine(gpu: GpuHealthResult): string {
  const values = [
    gpu.temperature_c === null ? "" : `${gpu.temperature_c} °C`,
    gpu.utilization_pct === null ? "" : `${gpu.utilization_pct} % busy`,
    gpu.clock_speed_mhz === null
      ? ""
      : `${gpu.clock_speed_mhz}${gpu.max_clock_mhz === null ? "" : ` of ${gpu.max_clock_mhz}`} MHz`,
    gpu.power_draw_w === null ? "" : `${gpu.power_draw_w} W`,
    gpu.memory_used_gb === null
      ? ""
      : `${gpu.memory_used_gb}${gpu.memory_total_gb === null ? "" : ` of ${gpu.memory_total_gb}`} GB`,
  ].filter((value) => value !== "");
  return `- GPU ${gpu.gpu_id} ${gpu.name}: ${[gpu.status, ...values, ...gpu.issues].join(", ")}`;
}

/** "Why?": every finding with its rule, its evidence and the document the rule comes from. */
export function explainAssessment(assessment: AssessmentResult): string {
  if (assessment.findings.length === 0) return `Nothing was found that points to a fault: ${assessment.summary}`;
  const findings = assessment.findings
    .slice(0, 10)
    .map((finding) =>
      [
        `**${finding.title}**${finding.gpu === null ? "" : ` (GPU ${finding.gpu})`}: rule \`${finding.rule}\`, ${finding.severity}, calls for ${finding.action || "NONE"}`,
        ...finding.evidence.slice(0, 4).map((quote) => `- \`${quote.replaceAll("`", "'").slice(0, 300)}\``),
        ...(finding.caused_by === null ? [] : [`- explained by \`${finding.caused_by}\``]),
        ...(finding.source === "" ? [] : [`- source of the rule: ${finding.source}`]),
      ].join("\n"),
    );
  const decided = assessment.primary === null ? "" : ` The rule \`${assessment.primary}\` decided it.`;
  return [
    `The verdict is ${assessment.verdict} (${assessment.severity}).${decided}`,
    assessment.root_cause,
    ...findings,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** "What should I do?": the steps with what to check after each. */
export function describePlan(assessment: AssessmentResult, plan: Plan | undefined): string {
  if (assessment.verdict === "healthy") return `Nothing: ${assessment.summary}`;
  const steps = stepList(assessment, plan) ?? "Nothing has to be done now.";
  const checks = (plan?.steps ?? []).flatMap((step) =>
    step.verification ? [`- after step ${step.order}: ${step.verification}`] : [],
  );
  const notes = plan?.notes ?? [];
  return [
    `For **${assessment.verdict}** (${assessment.severity}): ${assessment.root_cause || assessment.summary}`,
    steps,
    checks.length === 0 ? "" : ["**Check:**", ...checks.slice(0, MAX_STEPS)].join("\n"),
    notes.length === 0 ? "" : notes.map((note) => `- ${note}`).join("\n"),
    "These are proposals; nothing has been carried out.",
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
