import type { Action } from "../../../engine/gpu/vocabulary.ts";
import type { AssessmentResult } from "../results.ts";
import { actionText, actionWords } from "./text-words.ts";

/** The answer to an order, or to whether to do it: what the assessment says about it. The agent itself does nothing. */
export function describeAct(action: Action, assessment: AssessmentResult, isQuestion: boolean): string {
  const [immediate] = assessment.actions;
  if (!isQuestion) return `I do not run this: I propose, and you carry it out. ${judgement(action, assessment)}`;
  const verdict = assessment.forbidden_actions.includes(action)
    ? "No."
    : immediate === action
      ? "Yes, after the steps before it in the plan."
      : assessment.actions.includes(action)
        ? "Not yet."
        : "There is no reason to.";
  return `${verdict} ${judgement(action, assessment)}`;
}

function judgement(action: Action, assessment: AssessmentResult): string {
  const [immediate] = assessment.actions;
  if (assessment.verdict === "healthy" && action !== "NONE") return "Nothing wrong was found that calls for it.";
  if (assessment.forbidden_actions.includes(action)) {
    return `It would do harm here, or help nothing: the assessment forbids ${action}.`;
  }
  if (immediate === action) return `It is the right immediate step (${action}).`;
  if (assessment.actions.includes(action)) {
    return `It is among the steps (${action}), but not the first: ${actionText(immediate)} comes before.`;
  }
  return `The assessment does not call for it. The immediate step is to ${immediate === undefined || immediate === "NONE" ? "do nothing" : `${actionWords(immediate)} (${immediate})`}.`;
}
