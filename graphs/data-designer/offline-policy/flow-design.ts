import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import type { PolicyTurn } from "../../model/types.ts";
import { errorsOf } from "../results.ts";
import { visibleColumns } from "../submission.ts";
import type { BriefResult, FollowUp } from "./brief-reader.ts";
import { draftCalls } from "./draft-calls.ts";
import { createCall, offerRows } from "./create-call.ts";
import { describeDesign, describeViolations, listOf, notUnderstood, previewTable } from "./text-design.ts";
import { call, callTools, say } from "./turn.ts";
import { type PolicyView, changesDesign, currentPreview, currentValidation } from "./view.ts";

const PREVIEW_ROWS = 5;
/** Rounds of changes and checks in one turn; a design that is not right then is told as it is. */
const MAX_ROUNDS = 3;

/** Design, check, preview, and then the job or the question for it. */
export function briefFlow(view: PolicyView, result: BriefResult): PolicyTurn {
  if (result.kind === "question") return say(result.question);
  if (currentValidation(view) === undefined) {
    const rounds = view.done.filter(({ name }) => name === "validate_config").length;
    if (rounds >= MAX_ROUNDS) return tellViolations(view);
    const calls = draftCalls(view.design, withoutRefused(result.draft, view));
    return callTools([...calls, call("validate_config")], planText(result.draft));
  }
  const turn = repairOrPreview(view);
  if (turn !== undefined) return turn;
  const { design } = view;
  if (design !== null && result.draft.num_records !== null) return callTools([createCall(view, result.draft)]);
  return say(
    previewTable(view.preview),
    listOf("Assumptions:", result.assumptions),
    notUnderstood(result.notUnderstood),
    leftOut(view),
    offerRows(design),
  );
}

/** Changes what the user asks for; a number of rows that is named is a wish for the job. */
export function editFlow(
  view: PolicyView,
  design: DesignDraft,
  { draft, changes }: Extract<FollowUp, { kind: "edit" }>,
): PolicyTurn {
  const namesRows = draft.num_records !== null && draft.num_records !== design.num_records;
  // The job takes name, rows and seed along, so that the design need not be made anew for them.
  const { name, num_records, seed } = draft;
  const calls = draftCalls(namesRows ? { ...design, name, num_records, seed } : design, draft);
  const text = listOf("Changing the design:", changes) ?? "";
  // Formats are no part of the design; they are read from the user's words when the job is made.
  if (calls.length === 0 && !namesRows) return say(listOf("Noted:", changes), offerRows(design));
  if (calls.length === 0) return callTools([createCall(view, draft)], text);
  const checks = [call("validate_config"), ...(namesRows ? [previewCall(), createCall(view, draft)] : [])];
  return callTools([...calls, ...checks], text);
}

/** After changes: repairs, preview, and the question whether to go on. */
export function settleDesign(view: PolicyView): PolicyTurn {
  return (
    (currentValidation(view) === undefined && view.done.some(changesDesign)
      ? callTools([call("validate_config")])
      : undefined) ??
    repairOrPreview(view) ??
    say(previewTable(view.preview), leftOut(view), offerRows(view.design))
  );
}

/** The next call until a valid design has been previewed; undefined then. */
function repairOrPreview(view: PolicyView): PolicyTurn | undefined {
  const validation = currentValidation(view);
  if (validation !== undefined && errorsOf(validation.violations).length > 0) return repair(view);
  const preview = currentPreview(view);
  if (preview === undefined) return callTools([previewCall()]);
  if (preview.isError) return say(`The design is valid, but it could not be previewed: ${preview.text}`);
  return undefined;
}

/** Takes out what cannot be made, and says so at the end; a design without a column left is told instead. */
function repair(view: PolicyView): PolicyTurn {
  const rounds = view.done.filter(({ name }) => name === "validate_config").length;
  const names = visibleColumns(view.design ?? EMPTY);
  const broken = [...new Set(errorsOf(view.violations).flatMap(({ column }) => column ?? []))].filter((column) =>
    (view.design?.config.columns ?? []).some(({ name }) => name === column),
  );
  if (rounds >= MAX_ROUNDS || broken.length === 0 || names.every((name) => broken.includes(name))) {
    return tellViolations(view);
  }
  const reasons = errorsOf(view.violations).map(({ column, message }) => `${column ?? "design"}: ${message}`);
  return callTools(
    [...broken.map((name) => call("remove_column", { name, cascade: true })), call("validate_config")],
    listOf("These columns cannot be made and are left out:", reasons),
  );
}

const EMPTY: DesignDraft = { name: null, num_records: null, seed: null, config: { columns: [] } };

function tellViolations(view: PolicyView): PolicyTurn {
  return say("The design cannot be made yet.", describeViolations(view.violations), leftOut(view));
}

/** Columns that the tools have refused in this turn are not asked for again. */
function withoutRefused(draft: DesignDraft, { done }: PolicyView): DesignDraft {
  const refused = new Set(done.filter((one) => one.isError && changesDesign(one)).map(({ args }) => args["name"]));
  const columns = draft.config.columns.filter(({ name }) => !refused.has(name));
  return { ...draft, config: { ...draft.config, columns } };
}

function leftOut({ done }: PolicyView): string | undefined {
  const refused = done.filter((one) => one.isError && changesDesign(one));
  return listOf(
    "Left out:",
    refused.map(({ args, name, text }) => `${typeof args["name"] === "string" ? args["name"] : name}: ${text}`),
  );
}

/** The limit on turns is reached with work left: says what is there. */
export function concludeEarly(view: PolicyView): PolicyTurn {
  return say(
    "The limit on steps was reached before the dataset was ready; nothing was created in this last step.",
    view.design === null ? "There is no design yet." : describeDesign(view.design, view.violations),
  );
}

function planText(draft: DesignDraft): string {
  const columns = visibleColumns(draft);
  const title = draft.name === null ? "a dataset" : `"${draft.name}"`;
  return `I design ${title} with ${columns.length} columns: ${columns.join(", ")}.`;
}

function previewCall() {
  return call("preview_data", { num_records: PREVIEW_ROWS });
}
