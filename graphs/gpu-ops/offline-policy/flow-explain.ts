import { latestAssessment, latestResult } from "../find-results.ts";
import { PlanResult } from "../results.ts";
import { planCall } from "./diagnosis.ts";
import { healthArgs, healthFlow } from "./flow-health.ts";
import { explainAssessment } from "./text-diagnosis.ts";
import { describePlan } from "./text-plan.ts";
import { type Flow, callTools, say } from "./turn.ts";
import { wasCalled } from "./view.ts";

/** "Why?": the findings behind the newest assessment, in full. Without one, the question is about the node. */
export const explainFlow: Flow = (view) => {
  const found = wasCalled(view, "gpu_health_check") ? undefined : latestAssessment(view.thread);
  return found === undefined ? healthFlow(view) : say(explainAssessment(found.assessment));
};

/** "What should I do?": the plan for the newest assessment, or a look first. */
export const nextStepsFlow: Flow = (view) => {
  const gpuIds = "gpuIds" in view.intent ? view.intent.gpuIds : [];
  const earlier = latestAssessment(view.thread);
  const covers = earlier !== undefined && gpuIds.every((gpu) => earlier.assessment.gpus.includes(gpu));
  if (!covers || wasCalled(view, "gpu_health_check")) return healthFlow(view);
  const plan = latestResult(view.thread, "propose_remediation", PlanResult);
  if (plan === undefined && !wasCalled(view, "propose_remediation") && earlier.assessment.verdict !== "healthy") {
    return callTools(["propose_remediation", planCall(earlier)]);
  }
  return say(describePlan(earlier.assessment, plan));
};

/** A plan is asked for: look, then plan; alerts only come from the usual way of a health question. */
export const planFlow: Flow = (view) => {
  if (!wasCalled(view, "gpu_health_check")) return callTools(["gpu_health_check", healthArgs(view)]);
  const found = latestAssessment(view.done);
  if (found === undefined) return healthFlow(view);
  if (found.assessment.verdict !== "healthy" && !wasCalled(view, "propose_remediation")) {
    return callTools(["propose_remediation", planCall(found)]);
  }
  return say(describePlan(found.assessment, latestResult(view.done, "propose_remediation", PlanResult)));
};
