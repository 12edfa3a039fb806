import { latestAssessment, latestResult } from "../find-results.ts";
import { AlertInFullResult, AlertsResult, RaisedAlertResult, UpdatedAlertResult } from "../results.ts";
import { alertCall, readDiagnosis, standingAlert, threadAlerts } from "./diagnosis.ts";
import { healthArgs } from "./flow-health.ts";
import { describeAlert, describeAlertInFull, describeAlerts, describeRaised, describeUpdated } from "./text-alerts.ts";
import { describeDiagnosis } from "./text-diagnosis.ts";
import { type Flow, callTools, say } from "./turn.ts";
import { type PolicyView, describeFailure, wasCalled } from "./view.ts";

const DEFAULT_SNOOZE_MINUTES = 60;

/** Raises what the user describes, else what the newest assessment found; looks first when nothing was looked at. */
export const raiseAlertFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "raise_alert") return say();
  if (wasCalled(view, "generate_alert")) {
    const raised = latestResult(view.done, "generate_alert", RaisedAlertResult);
    return say(
      raised === undefined
        ? `The alert could not be raised: ${describeFailure(view, "generate_alert")}`
        : describeRaised(raised),
    );
  }
  if (intent.subject !== "") {
    return callTools([
      "generate_alert",
      {
        severity: intent.severity ?? "info",
        title: intent.subject.slice(0, 130),
        analysis: `Raised on request, in the words of the user: ${intent.subject.slice(0, 1_000)}`,
        remediation_steps: [],
        gpu_id: intent.gpuIds[0],
        node: intent.node,
      },
    ]);
  }
  const found = assessmentFor(view);
  if (found === undefined) {
    if (wasCalled(view, "gpu_health_check")) {
      return say(`The GPUs could not be read: ${describeFailure(view, "gpu_health_check")}`);
    }
    return callTools(["gpu_health_check", healthArgs(view)]);
  }
  const { assessment } = found;
  if (assessment.verdict === "healthy") {
    const diagnosis = readDiagnosis(view.done, view.thread);
    return say(
      "No alert was raised: nothing is wrong. To raise one all the same, say what it is about, for example `raise a warning alert: fan noise in rack 4`.",
      diagnosis && describeDiagnosis(diagnosis, { gpuIds: intent.gpuIds }),
    );
  }
  const standing = standingAlert(found, view.thread);
  if (standing !== undefined) return say(`This fault has an alert already: ${describeAlert(standing)}.`);
  const args = alertCall(found, view.done);
  return callTools(["generate_alert", { ...args, severity: intent.severity ?? args["severity"] }]);
};

/** The newest assessment of the thread when it covers what the user asks about. */
function assessmentFor(view: PolicyView) {
  const now = latestAssessment(view.done);
  if (now !== undefined) return now;
  const gpuIds = "gpuIds" in view.intent ? view.intent.gpuIds : [];
  const earlier = latestAssessment(view.thread);
  const covers = earlier !== undefined && gpuIds.every((gpu) => earlier.assessment.gpus.includes(gpu));
  return covers ? earlier : undefined;
}

export const updateAlertFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "update_alert") return say();
  if (intent.hasUnclearTime) return say(`For how long? Say it as a span, for example "snooze it for 2 hours".`);
  const updated = latestResult(view.done, "update_alert", UpdatedAlertResult);
  if (updated !== undefined) return say(describeUpdated(updated.alert, intent.action));
  if (wasCalled(view, "update_alert")) {
    return say(`The alert was not changed: ${describeFailure(view, "update_alert")}`);
  }
  const known = threadAlerts(view.thread).filter((alert) => alert.status !== "closed");
  const alertId = intent.alertId ?? (intent.isEvery ? undefined : known.at(-1)?.alert_id);
  if (alertId !== undefined) return callTools(["update_alert", updateArgs(alertId, intent)]);

  const open = latestResult(view.done, "list_alerts", AlertsResult);
  if (open === undefined) {
    if (wasCalled(view, "list_alerts")) {
      return say(`The alerts could not be read: ${describeFailure(view, "list_alerts")}`);
    }
    return callTools(["list_alerts", { limit: 20 }]);
  }
  const candidates = open.alerts.filter((alert) => alert.status !== "closed");
  const [only] = candidates;
  if (only === undefined) return say(`There is no alert to ${intent.action}.`);
  if (candidates.length === 1) return callTools(["update_alert", updateArgs(only.alert_id, intent)]);
  const question = intent.isEvery ? "I change one alert at a time. Name its id:" : "Which one? Name its id:";
  return say(question, describeAlerts({ ...open, alerts: candidates, total: candidates.length }));
};

function updateArgs(
  alertId: string,
  intent: { action: "acknowledge" | "snooze" | "close"; minutes?: number },
): Record<string, unknown> {
  return {
    alert_id: alertId,
    action: intent.action,
    minutes: intent.action === "snooze" ? (intent.minutes ?? DEFAULT_SNOOZE_MINUTES) : undefined,
  };
}

export const listAlertsFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "list_alerts") return say();
  if (!wasCalled(view, "list_alerts")) {
    const { status, severity, gpuIds } = intent;
    return callTools(["list_alerts", { status, severity, gpu_id: gpuIds.length === 1 ? gpuIds[0] : undefined }]);
  }
  const listed = latestResult(view.done, "list_alerts", AlertsResult);
  return say(
    listed === undefined
      ? `The alerts could not be read: ${describeFailure(view, "list_alerts")}`
      : describeAlerts(listed),
  );
};

/** One alert with its notifications: the one named, else the newest of the thread, else the newest of the book. */
export const showAlertFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "show_alert") return say();
  const shown = latestResult(view.done, "list_alerts", AlertInFullResult);
  const [alert] = shown?.alerts ?? [];
  const wasFound = view.done.some((exchange) => exchange.args["alert_id"] !== undefined);
  if (shown !== undefined && alert !== undefined && wasFound) {
    return say(describeAlertInFull(alert, shown.notifications));
  }
  if (wasFound) return say(`The alert could not be read: ${describeFailure(view, "list_alerts")}`);
  const newest = latestResult(view.done, "list_alerts", AlertsResult)?.alerts[0];
  const alertId = intent.alertId ?? threadAlerts(view.thread).at(-1)?.alert_id ?? newest?.alert_id;
  if (alertId !== undefined) return callTools(["list_alerts", { alert_id: alertId }]);
  return wasCalled(view, "list_alerts") ? say("There is no alert yet.") : callTools(["list_alerts", { limit: 1 }]);
};

export const undoAlertChangeFlow: Flow = () =>
  say(
    "I can acknowledge, snooze or close an alert, and cannot take that back. A snooze ends by itself at its time, and a closed alert opens again when its fault is seen within half an hour; later the same fault raises a new one.",
  );
