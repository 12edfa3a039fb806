import type { AlertResult, AlertsResult, RaisedAlertResult } from "../results.ts";

export function describeAlert(alert: AlertResult): string {
  const gpu = alert.gpu === null ? "" : `, GPU ${alert.gpu}`;
  const count = alert.count > 1 ? `, seen ${alert.count} times` : "";
  return `${alert.alert_id} ${alert.title} (${alert.severity}, ${alert.status}${gpu}${count})`;
}

/** What became of the alert and of its notifications, in the tool's own words: sent is only said when it was. */
export function describeRaised({
  alert,
  outcome,
  message,
  dispatched,
}: ReturnType<typeof RaisedAlertResult.parse>): string {
  if (message !== "") return `**Alert:** ${alert.title}. ${message}`;
  const verb = outcome === "deduplicated" ? "was open already" : outcome === "reopened" ? "was reopened" : "was raised";
  const delivery = dispatched ? "A notification was sent." : "No notification was sent.";
  return `**Alert:** ${alert.title}. ${alert.alert_id} ${verb} (${alert.severity}). ${delivery}`;
}

export function describeUpdated(alert: AlertResult, action: "acknowledge" | "snooze" | "close"): string {
  switch (action) {
    case "acknowledge":
      return `${alert.alert_id} is acknowledged; its escalation stops. (${alert.title})`;
    case "snooze":
      return `${alert.alert_id} is snoozed${alert.snoozed_until === null ? "" : ` until ${alert.snoozed_until}`}. (${alert.title})`;
    case "close":
      return `${alert.alert_id} is closed. (${alert.title})`;
  }
}

export function describeAlerts({ alerts, total }: ReturnType<typeof AlertsResult.parse>): string {
  if (alerts.length === 0) return "There are no such alerts.";
  const left = total - alerts.length;
  return [...alerts.map((alert) => `- ${describeAlert(alert)}`), ...(left > 0 ? [`- and ${left} more`] : [])].join(
    "\n",
  );
}
