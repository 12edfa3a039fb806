import type { OfflinePolicy, PolicyTurn } from "../../model/types.ts";
import { readDiagnosis } from "./diagnosis.ts";
import { listAlertsFlow, raiseAlertFlow, showAlertFlow, undoAlertChangeFlow, updateAlertFlow } from "./flow-alerts.ts";
import { diagnosticFlow, unknownTestFlow } from "./flow-diagnostic.ts";
import { explainFlow, nextStepsFlow, planFlow } from "./flow-explain.ts";
import { actFlow, healthFlow, logFlow } from "./flow-health.ts";
import { eventsFlow, listGpusFlow, readValuesFlow, searchFlow, sxidFlow, xidFlow } from "./flow-lookups.ts";
import type { IntentKind } from "./intent.ts";
import { describeDiagnosis } from "./text-diagnosis.ts";
import { DUMP_TEXT, HELP_TEXT, THANKS_TEXT, UNANSWERABLE_TEXT } from "./text-help.ts";
import { type Flow, say } from "./turn.ts";
import { type PolicyView, viewConversation } from "./view.ts";

/** One way of working for each kind of question. */
const FLOWS: Readonly<Record<IntentKind, Flow>> = {
  health: healthFlow,
  read_values: readValuesFlow,
  act: actFlow,
  analyze_log: logFlow,
  explain_xid: xidFlow,
  explain_sxid: sxidFlow,
  run_diagnostic: diagnosticFlow,
  unknown_test: unknownTestFlow,
  search_incidents: searchFlow,
  raise_alert: raiseAlertFlow,
  update_alert: updateAlertFlow,
  undo_alert_change: undoAlertChangeFlow,
  show_alert: showAlertFlow,
  list_alerts: listAlertsFlow,
  list_gpus: listGpusFlow,
  show_events: eventsFlow,
  propose_plan: planFlow,
  explain_last: explainFlow,
  next_steps: nextStepsFlow,
  help: () => say(HELP_TEXT),
  thanks: () => say(THANKS_TEXT),
  unreadable_dump: () => say(DUMP_TEXT),
  unanswerable: () => say(UNANSWERABLE_TEXT),
};

/**
 * The offline agent for GPU work: the same messages always give the same turn, and every fact in its text comes from
 * a tool result. Text of tool results, logs and incidents decides nothing; only their fields do.
 */
export const gpuOpsPolicy: OfflinePolicy = (messages, { canCallTools }) => {
  const view = viewConversation(messages);
  const turn = FLOWS[view.intent.kind](view);
  return turn.toolCalls.length > 0 && !canCallTools ? concludeEarly(view) : turn;
};

/** The limit on turns is reached with work left: says what is known. */
function concludeEarly(view: PolicyView): PolicyTurn {
  const diagnosis = readDiagnosis(view.done, view.thread);
  return say(
    "The limit on steps was reached before the investigation was complete; this is what was found so far.",
    diagnosis === undefined
      ? "No assessment was made."
      : describeDiagnosis(diagnosis, { gpuIds: "gpuIds" in view.intent ? view.intent.gpuIds : [] }),
  );
}
