import { shouldRaiseAlert } from "../../../engine/gpu/assess/alerting.ts";
import type { PolicyTurn } from "../../model/types.ts";
import { type FoundAssessment, latestAssessment, latestResult } from "../find-results.ts";
import { PlanResult } from "../results.ts";
import {
  ANALYZE_PASTED_LOG,
  alertCall,
  diagnosticCall,
  incidentQuery,
  isAboutOthers,
  planCall,
  readDiagnosis,
  standingAlert,
} from "./diagnosis.ts";
import { describeAct } from "./text-act.ts";
import { describeDiagnosis, verdictLine } from "./text-diagnosis.ts";
import { planSteps } from "./text-plan.ts";
import { type Flow, callTools, say } from "./turn.ts";
import { type PolicyView, describeFailure, wasCalled } from "./view.ts";

/**
 * The usual way: look, then search and plan side by side, then a diagnostic if it would change the answer, then an
 * alert if the fault calls for one, then say it. A healthy answer takes one call, a fault three to five.
 */
export const healthFlow: Flow = (view) => {
  const { intent } = view;
  if (!wasCalled(view, "gpu_health_check")) return callTools(["gpu_health_check", healthArgs(view)]);
  const next = isSettledByLook(view) ? undefined : investigate(view);
  if (next !== undefined) return next;
  const diagnosis = readDiagnosis(view.done, view.thread);
  if (diagnosis === undefined) return say(unreadText(view));
  const isComplaint = intent.kind === "health" && intent.isComplaint === true;
  return say(describeDiagnosis(diagnosis, { gpuIds: "gpuIds" in intent ? intent.gpuIds : [], isComplaint }));
};

/** Asked to act, or whether to: a look decides it, and the plan is shown where the action is part of it. */
export const actFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "act") return say();
  if (!wasCalled(view, "gpu_health_check")) return callTools(["gpu_health_check", healthArgs(view)]);
  const found = latestAssessment(view.done);
  if (found === undefined) return say(unreadText(view));
  const { assessment } = found;
  const isPlanned = assessment.actions.includes(intent.action);
  if (isPlanned && !wasCalled(view, "propose_remediation")) return callTools(["propose_remediation", planCall(found)]);
  const plan = isPlanned ? latestResult(view.done, "propose_remediation", PlanResult) : undefined;
  return say(
    describeAct(intent.action, assessment, intent.isQuestion === true),
    assessment.verdict === "healthy" ? undefined : verdictLine(assessment),
    plan && planSteps(assessment, plan),
    assessment.simulated ? "This node is simulated." : undefined,
  );
};

function unreadText(view: PolicyView): string {
  return `The GPUs could not be read: ${describeFailure(view, "gpu_health_check")}`;
}

export const logFlow: Flow = (view) => {
  if (!wasCalled(view, "analyze_gpu_log")) return callTools(["analyze_gpu_log", ANALYZE_PASTED_LOG]);
  const next = investigate(view);
  if (next !== undefined) return next;
  const diagnosis = readDiagnosis(view.done, view.thread);
  if (diagnosis === undefined) {
    return say(`The log could not be read: ${describeFailure(view, "analyze_gpu_log")}`);
  }
  return say(describeDiagnosis(diagnosis, { gpuIds: [] }));
};

/**
 * The user asked about GPUs that have no part in what is wrong: the look has answered, and the fault elsewhere is
 * mentioned. A critical one is worked off all the same, because nobody may be looking at it.
 */
function isSettledByLook(view: PolicyView): boolean {
  const gpuIds = "gpuIds" in view.intent ? view.intent.gpuIds : [];
  const assessment = latestAssessment(view.done)?.assessment;
  if (assessment === undefined || assessment.severity === "critical") return false;
  return isAboutOthers(assessment, gpuIds);
}

/** One GPU is asked for by its id, several by a look at the whole node. */
export function healthArgs({ intent }: PolicyView): Record<string, unknown> {
  const gpuIds = "gpuIds" in intent ? intent.gpuIds : [];
  return { gpu_id: gpuIds.length === 1 ? gpuIds[0] : undefined, node: "node" in intent ? intent.node : undefined };
}

/** The next call after an assessment, undefined when nothing is left to find out or to do. */
export function investigate(view: PolicyView): PolicyTurn | undefined {
  const found = latestAssessment(view.done);
  if (found === undefined || found.assessment.verdict === "healthy") return undefined;
  if (!wasCalled(view, "search_incidents")) {
    return callTools(
      ["search_incidents", { query: incidentQuery(found.assessment), top_k: 3 }],
      ["propose_remediation", planCall(found)],
    );
  }
  const diagnostic = diagnosticCall(found);
  if (diagnostic !== undefined && !wasCalled(view, "run_diagnostic")) return callTools(["run_diagnostic", diagnostic]);
  return alertOnce(view, found);
}

function alertOnce(view: PolicyView, found: FoundAssessment): PolicyTurn | undefined {
  if (!shouldRaiseAlert(found.assessment) || wasCalled(view, "generate_alert")) return undefined;
  if (standingAlert(found, view.thread) !== undefined) return undefined;
  return callTools(["generate_alert", alertCall(found, view.done)]);
}
