import { sha256Hex } from "../../../lib/hash.ts";
import { type ToolExchange, isRecord } from "../../conversation.ts";
import { type FoundAssessment, allResults, latestAssessment, latestResult, primaryFinding } from "../find-results.ts";
import {
  AlertResult,
  type AssessmentResult,
  DiagnosticResultWire,
  HealthCheckResult,
  type IncidentResult,
  IncidentsResult,
  LogResult,
  PlanResult,
  RaisedAlertResult,
} from "../results.ts";
import { PASTED_LOG } from "../pasted-log.ts";
import type { TestName } from "./mentions.ts";

/** Arguments and decisions that follow from an assessment; the flows only order them. */

/** The one GPU an assessment is about; undefined when it is about several or about the node. */
export function singleGpu(assessment: AssessmentResult): number | undefined {
  const primary = primaryFinding(assessment)?.gpu;
  if (primary !== null && primary !== undefined) return primary;
  return assessment.gpus.length === 1 ? assessment.gpus[0] : undefined;
}

/** Something is wrong, with GPUs that are known, and none of them was asked about. */
export function isAboutOthers(assessment: AssessmentResult, gpuIds: readonly number[]): boolean {
  if (gpuIds.length === 0 || assessment.gpus.length === 0 || assessment.verdict === "healthy") return false;
  return !gpuIds.some((gpu) => assessment.gpus.includes(gpu));
}

/**
 * Words for the incident search: what the finding that decided is called, and its rule's name, which says the same in
 * the field's own words ("cuda out of memory"). Everything else about a fault (its place, further XIDs that follow from
 * it) pulls up incidents about something else; measured over the simulator's scenarios.
 */
export function incidentQuery(assessment: AssessmentResult): string {
  const finding = primaryFinding(assessment);
  if (finding === undefined) return assessment.root_cause.slice(0, 500);
  const [family = "", ...rest] = finding.rule.split(/[._]/);
  const isCode = family === "xid" || family === "sxid";
  const words = rest.includes(family) ? rest : [family, ...rest];
  const name = isCode || finding.rule === "" ? "" : `, ${words.join(" ")}`;
  return `${finding.title.replace(/[.:\s]+$/, "")}${name}`.slice(0, 500);
}

const TEST_OF_COMPONENT: Readonly<Record<string, TestName>> = {
  memory: "memory_stress",
  nvlink: "nvlink_check",
  fabric: "nvlink_check",
  pcie: "pcie_bandwidth",
  thermal: "thermal_profile",
  power: "thermal_profile",
  compute: "compute_stress",
  clocks: "compute_stress",
};

/** The diagnostic that looks at a component; undefined when none does. */
export function testForComponent(component: string | undefined): TestName | undefined {
  return component === undefined ? undefined : TEST_OF_COMPONENT[component];
}

/**
 * The diagnostic that would change the answer: only where the engine's first step is to test, and does not forbid it.
 * A test among the later steps checks a repair, so it has to wait for one. A failed GPU is never put under load.
 */
export function diagnosticCall(found: FoundAssessment): Record<string, unknown> | undefined {
  const { assessment } = found;
  if (found.tool !== "gpu_health_check" || assessment.verdict === "gpu_failed") return undefined;
  if (assessment.actions[0] !== "RUN_DIAG") return undefined;
  if (assessment.forbidden_actions.includes("RUN_DIAG")) return undefined;
  const gpu = singleGpu(assessment);
  if (gpu === undefined) return undefined;
  const test = testForComponent(primaryFinding(assessment)?.component) ?? "compute_stress";
  return { test_name: test, gpu_id: gpu, mode: "quick", node: found.node };
}

export function planCall(found: FoundAssessment): Record<string, unknown> {
  const { assessment } = found;
  const { verdict, actions } = assessment;
  const primary = primaryFinding(assessment);
  const onHost = assessment.findings.filter(({ host }) => host === (primary?.host ?? null));
  const xids = [...new Set(onHost.flatMap(({ xid }) => (xid === null || xid < 1 || xid > 999 ? [] : [xid])))];
  const shared = {
    verdict,
    actions,
    forbidden_actions: assessment.forbidden_actions,
    node: faultNode(found),
    // Some XIDs change a step: after 79 a reboot has to be a power cycle.
    xids: xids.length === 0 ? undefined : xids.slice(0, 50),
  };
  // A plan for a machine that is known from its log alone must not name a node of this service.
  if (found.tool === "analyze_gpu_log") {
    return { ...shared, subject: "log", pci: primary?.pci ?? undefined };
  }
  return { ...shared, gpu_id: singleGpu(assessment) };
}

/** The machine the fault is on; of a log that mixes several, the one of the finding that decided. */
export function faultNode(found: FoundAssessment): string | undefined {
  return found.node ?? primaryFinding(found.assessment)?.host ?? undefined;
}

/**
 * Node of an alert. A log that names no host must not fall on the node this service watches, nor on the same one as
 * every other such log: two machines with one fault would be one alert. The line that shows the fault tells them apart.
 */
export function alertNode(found: FoundAssessment): string | undefined {
  const node = faultNode(found);
  if (node !== undefined || found.tool !== "analyze_gpu_log") return node;
  const line = primaryFinding(found.assessment)?.evidence[0]?.replace(/^line \d+: /, "");
  return line === undefined ? "unnamed-host" : `unnamed-host-${sha256Hex(line).slice(0, 6)}`;
}

export function alertCall(found: FoundAssessment, done: readonly ToolExchange[]): Record<string, unknown> {
  const { assessment } = found;
  const finding = primaryFinding(assessment);
  const gpu = singleGpu(assessment);
  const plan = latestResult(done, "propose_remediation", PlanResult);
  const incidents = closeIncidents(done);
  const subject = finding?.title ?? assessment.summary;
  return {
    severity: assessment.severity,
    title: `${placeOf(gpu, finding?.pci)}${subject}`.slice(0, 130),
    analysis: [assessment.root_cause || assessment.summary, ...(finding?.evidence ?? []).slice(0, 3)].join("\n"),
    remediation_steps: plan?.steps.slice(0, 10).map((step) => step.title) ?? assessment.actions,
    node: alertNode(found),
    gpu_id: gpu,
    component: finding?.component,
    rule: finding?.rule,
    evidence: assessment.findings.flatMap((each) => each.evidence).slice(0, 8),
    incident_ids: incidents.map((incident) => incident.id),
  };
}

function placeOf(gpu: number | undefined, pci: string | null | undefined): string {
  if (gpu !== undefined) return `GPU ${gpu}: `;
  return pci ? `GPU at ${pci}: ` : "";
}

/** Hits of the newest search that come near the best of them; the rest only filled up the number asked for. */
export function closeIncidents(done: readonly ToolExchange[]): IncidentResult[] {
  const search = latestResult(done, "search_incidents", IncidentsResult);
  if (search === undefined || search.no_close_match) return [];
  const best = Math.max(0, ...search.results.map((incident) => incident.similarity_score));
  return search.results.filter((incident) => incident.similarity_score >= best * 0.6);
}

/** An alert for this fault that the thread raised and nobody closed since. */
export function standingAlert(found: FoundAssessment, thread: readonly ToolExchange[]): AlertResult | undefined {
  const { assessment } = found;
  const rule = primaryFinding(assessment)?.rule;
  const gpu = singleGpu(assessment) ?? null;
  const node = alertNode(found);
  return threadAlerts(thread)
    .filter((alert) => alert.status !== "closed" && (node === undefined || alert.node === node))
    .find((alert) => alert.rule === (rule ?? null) && alert.gpu === gpu);
}

/** Alerts the thread raised, listed or changed, oldest first, each in its newest state. */
export function threadAlerts(thread: readonly ToolExchange[]): AlertResult[] {
  const alerts = new Map<string, AlertResult>();
  for (const exchange of thread) {
    const { alert } = exchange.result;
    const parsed = isRecord(alert) && !exchange.isError ? AlertResult.safeParse(alert) : undefined;
    if (parsed?.success !== true) continue;
    // Set anew rather than in place, so that the newest mention comes last.
    alerts.delete(parsed.data.alert_id);
    alerts.set(parsed.data.alert_id, parsed.data);
  }
  return [...alerts.values()];
}

/** Everything the present question has brought to light about a fault. */
export interface Diagnosis {
  readonly found: FoundAssessment;
  readonly health: ReturnType<typeof HealthCheckResult.parse> | undefined;
  readonly log: ReturnType<typeof LogResult.parse> | undefined;
  readonly incidents: readonly IncidentResult[];
  readonly wasSearched: boolean;
  readonly plan: ReturnType<typeof PlanResult.parse> | undefined;
  readonly diagnostics: readonly DiagnosticResultWire[];
  readonly raised: ReturnType<typeof RaisedAlertResult.parse> | undefined;
  readonly standing: AlertResult | undefined;
}

export function readDiagnosis(done: readonly ToolExchange[], thread: readonly ToolExchange[]): Diagnosis | undefined {
  const found = latestAssessment(done);
  if (found === undefined) return undefined;
  return {
    found,
    health: latestResult(done, "gpu_health_check", HealthCheckResult),
    log: latestResult(done, "analyze_gpu_log", LogResult),
    incidents: closeIncidents(done),
    wasSearched: done.some((exchange) => exchange.name === "search_incidents" && !exchange.isError),
    plan: latestResult(done, "propose_remediation", PlanResult),
    diagnostics: allResults(done, "run_diagnostic", DiagnosticResultWire),
    raised: latestResult(done, "generate_alert", RaisedAlertResult),
    standing: standingAlert(found, thread),
  };
}

export const ANALYZE_PASTED_LOG = { log: PASTED_LOG };
