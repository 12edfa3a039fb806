import type { AssessmentResult, PlanResult, PlanStep } from "../results.ts";
import { actionText, forbiddenList, sentence } from "./text-words.ts";

export type Plan = ReturnType<typeof PlanResult.parse>;

/** Steps below a diagnosis, and in an answer that is about the steps. */
const MAX_STEPS = 12;
const MAX_ALL_STEPS = 30;

/** The steps in short, below a diagnosis. Only the immediate action comes with its commands. */
export function planSteps(assessment: AssessmentResult, plan: Plan | undefined): string | undefined {
  return stepList(assessment, plan, MAX_STEPS, (step) => stepLine(step, step.action === assessment.actions[0]));
}

/** "What should I do?": every step with its command and with what to check after it. */
export function describePlan(assessment: AssessmentResult, plan: Plan | undefined): string {
  if (assessment.verdict === "healthy") return `Nothing has to be done. ${sentence(assessment.summary)}`;
  const steps = stepList(assessment, plan, MAX_ALL_STEPS, (step) =>
    [stepLine(step, true), ...(step.verification ? [`   Check: ${sentence(step.verification)}`] : [])].join("\n"),
  );
  const notes = plan?.notes ?? [];
  return [
    `**${assessment.verdict}** (${assessment.severity}): ${sentence(assessment.root_cause || assessment.summary)}`,
    steps ?? "Nothing has to be done now.",
    notes.length === 0 ? "Nothing has been carried out." : notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

function stepList(
  assessment: AssessmentResult,
  plan: Plan | undefined,
  maxSteps: number,
  describe: (step: PlanStep) => string,
): string | undefined {
  const [immediate, ...later] = assessment.actions.filter((action) => action !== "NONE");
  const steps = plan?.steps ?? [];
  if (immediate === undefined && steps.length === 0) return undefined;
  const shown = steps.slice(0, maxSteps).map(describe);
  const left = steps.length - shown.length;
  const forbidden = assessment.forbidden_actions;
  const allActions = [immediate, ...later].map(actionText).join(", then ");
  const opening =
    immediate === undefined
      ? "nothing on the machine. To be sure:"
      : steps.length === 0
        ? `${allActions}.`
        : `${actionText(immediate)}. Step by step:`;
  return [
    `**What to do:** ${opening}`,
    ...shown,
    ...(left > 0 ? [`(${left} more ${left === 1 ? "step is" : "steps are"} in the report.)`] : []),
    ...(forbidden.length > 0 ? [`**Do not** ${forbiddenList(forbidden)}.`] : []),
  ].join("\n");
}

function stepLine(step: PlanStep, withCommand: boolean): string {
  const command = withCommand && step.command ? `: \`${step.command.split("\n")[0]}\`` : "";
  return `${step.order}. ${step.title}${step.needs_approval ? " (needs approval)" : ""}${command}`;
}
