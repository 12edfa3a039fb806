import type { Action } from "../../../engine/gpu/vocabulary.ts";
import type { AssessmentResult } from "../results.ts";

/** The answer to an order: what the agent does not do, and what the assessment says about it. */
export function describeAct(action: Action, assessment: AssessmentResult): string {
  const judgement = assessment.forbidden_actions.includes(action)
    ? `It would do harm here: the assessment forbids ${action}.`
    : assessment.actions[0] === action
      ? `It is the right immediate step (${action}).`
      : assessment.actions.includes(action)
        ? `It is among the steps (${action}), but not the first: ${assessment.actions[0]} comes before.`
        : `The assessment does not call for it: the immediate step is ${assessment.actions[0] ?? "NONE"}.`;
  return `I do not run this: I propose, and you carry it out. ${judgement}`;
}
