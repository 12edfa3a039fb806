import type { OfflinePolicy, PolicyTurn } from "../../model/types.ts";
import type { BriefReader } from "./brief-reader.ts";
import { afterCreation, approveFlow, thanksFlow } from "./flow-create.ts";
import { briefFlow, concludeEarly, editFlow, settleDesign } from "./flow-design.ts";
import { cancelFlow, jobsFlow, statusFlow } from "./flow-jobs.ts";
import { describeDesign } from "./text-design.ts";
import { call, callTools, say } from "./turn.ts";
import {
  type PolicyState,
  type PolicyView,
  changesDesign,
  currentPreview,
  currentValidation,
  readBrief,
  viewConversation,
  wasCalled,
} from "./view.ts";

/**
 * The offline agent for datasets: the same messages and the same state always give the same turn. Only the user's words,
 * an operator's decision and the fields of tool results decide; the text of cells and answers never does.
 */
export function dataDesignerPolicy(state: PolicyState, brief: BriefReader): OfflinePolicy {
  return (messages, { canCallTools }) => {
    const view = viewConversation(messages, state, brief);
    const turn = takeTurn(view);
    return turn.toolCalls.length > 0 && !canCallTools ? concludeEarly(view) : turn;
  };
}

function takeTurn(view: PolicyView): PolicyTurn {
  if (wasCalled(view, "create_job")) return afterCreation(view);
  const isNewDesign = !view.hasDesign || wasCalled(view, "init_config");
  return isNewDesign ? firstDesign(view) : followUp(view);
}

function firstDesign(view: PolicyView): PolicyTurn {
  const { brief, text, design, today } = view;
  if (!view.hasDesign && design === null) {
    // Questions about jobs need no design.
    const wish = brief.readFollowUp(
      text,
      { name: null, num_records: null, seed: null, config: { columns: [] } },
      { today },
    );
    if (wish.kind === "status") return statusFlow(view);
    if (wish.kind === "cancel") return cancelFlow(view);
    if (wish.kind === "jobs") return jobsFlow(view);
  }
  return briefFlow(view, readBrief(view));
}

function followUp(view: PolicyView): PolicyTurn {
  const { brief, text, design, today } = view;
  if (design === null) return say();
  // What was changed in this turn is not read a second time from the same words.
  if (view.done.some(changesDesign) && currentValidation(view) !== undefined) return settleDesign(view);
  const wish = brief.readFollowUp(text, design, { today });
  switch (wish.kind) {
    case "edit":
      return editFlow(view, design, wish);
    case "thanks":
      return thanksFlow(view, design);
    case "approve":
      return approveFlow(view, design);
    case "reject":
      return say("Nothing was created. The design stays as it is; tell me what to change.");
    case "new_brief":
      return briefFlow(view, readBrief(view));
    case "status":
      return statusFlow(view);
    case "cancel":
      return cancelFlow(view);
    case "jobs":
      return jobsFlow(view);
    case "show":
      return say(describeDesign(design, view.violations));
    case "preview":
      return currentPreview(view) === undefined
        ? callTools([call("preview_data", { num_records: 5 })])
        : settleDesign(view);
    case "question":
      return say(wish.question);
  }
}
