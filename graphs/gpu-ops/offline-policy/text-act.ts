import type { Action } from "../../../engine/gpu/vocabulary.ts";
import type { AssessmentResult } from "../results.ts";
import { actionText } from "./text-words.ts";

/** The answer to an order, or to whether to do it: what the assessment says about it. The agent itself does nothing. */
export function describeAct(action: Action, assessment: AssessmentResult, isQuestion: boolean): string {
  const { short, reason } = judge(action, assessment);
  return isQuestion ? `${short} ${reason}` : `I do not run this: I propose, and you carry it out. ${reason}`;
}

function judge(action: Action, assessment: AssessmentResult): { short: string; reason: string } {
  const [immediate] = assessment.actions;
  if (assessment.forbidden_actions.includes(action)) {
    return { short: "No.", reason: `It would do harm here, or help nothing: the assessment forbids ${action}.` };
  }
  if (assessment.verdict === "healthy") {
    return { short: "There is no reason to.", reason: "Nothing wrong was found that calls for it." };
  }
  if (immediate === action) {
    return {
      short: "Yes.",
      reason: `It is the right immediate step (${action}), after the steps before it in the plan.`,
    };
  }
  if (assessment.actions.includes(action)) {
    return {
      short: "Not yet.",
      reason: `It is among the steps (${action}), but not the first: ${actionText(immediate)} comes before.`,
    };
  }
  return {
    short: "There is no reason to.",
    reason: `The assessment calls for something else: ${actionText(immediate)}.`,
  };
}
