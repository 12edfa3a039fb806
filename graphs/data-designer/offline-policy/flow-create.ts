import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import { isRecord } from "../../conversation.ts";
import type { PolicyTurn } from "../../model/types.ts";
import { JobResult, errorsOf, hasEnded } from "../results.ts";
import { editFlow } from "./flow-design.ts";
import { createCall, offerRows } from "./create-call.ts";
import { describeViolations, listOf, notUnderstood, previewTable } from "./text-design.ts";
import { describeFinished, describeJob } from "./text-jobs.ts";
import { callTools, say } from "./turn.ts";
import { type PolicyView, lastOf, readBrief, wasCalled } from "./view.ts";

/** Submissions in one turn, so that an operator who keeps changing things ends up in the conversation. */
const MAX_SUBMISSIONS = 5;

/** Praise and thanks: no yes, so nothing begins. */
export function thanksFlow({ job }: PolicyView, design: DesignDraft): PolicyTurn {
  if (job !== null) return say("You are welcome. Tell me what to change, or name a number of rows to make more.");
  return say(offerRows(design) ?? "You are welcome.");
}

/** "Yes." */
export function approveFlow(view: PolicyView, design: DesignDraft): PolicyTurn {
  if (errorsOf(view.violations).length > 0) {
    return say("The design is not ready.", describeViolations(view.violations));
  }
  return callTools([createCall(view, design)]);
}

/** The job has ended, or was not begun: what came out, or why not. */
export function afterCreation(view: PolicyView): PolicyTurn {
  const created = lastOf(view, "create_job");
  const job = JobResult.safeParse(created?.result["job"]).data;
  if (created?.isError === true && job === undefined) return afterRefusal(view);
  if (job === undefined) return say("The job was submitted, but the answer does not say which it is.");
  if (!hasEnded(job))
    return say(describeJob(job), `Ask for its status at any time, for example "status of ${job.id}".`);
  if (job.status !== "completed") return say(describeJob(job));
  const reading = wasCalled(view, "init_config") ? readBrief(view) : undefined;
  return say(
    describeFinished(job, view.design),
    previewTable(view.preview),
    ...(reading?.kind === "design"
      ? [listOf("Assumptions:", reading.assumptions), notUnderstood(reading.notUnderstood)]
      : []),
    "Answered by the built-in offline policy.",
  );
}

/** An operator who says why not is heard like the user: that is a person's own text and no tool's. */
function afterRefusal(view: PolicyView): PolicyTurn {
  const { design, brief, today } = view;
  const created = lastOf(view, "create_job");
  const message = created?.result["operator_message"];
  const submissions = view.done.filter(({ name }) => name === "create_job").length;
  if (typeof message === "string" && design !== null && submissions < MAX_SUBMISSIONS) {
    const wish = brief.readFollowUp(message, design, { today });
    if (wish.kind === "edit") return editFlow(view, design, wish);
  }
  const reason = created?.text ?? "";
  const violations = isRecord(created?.result) ? describeViolations(view.violations) : undefined;
  return say(`Nothing was created: ${reason.replace(/^the job was not created[,:]? ?/, "")}`, violations);
}
