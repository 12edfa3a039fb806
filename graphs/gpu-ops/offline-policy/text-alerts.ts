import type { AlertInFull, AlertResult, AlertsResult, NotificationResult, RaisedAlertResult } from "../results.ts";
import { sentence } from "./text-words.ts";

export function describeAlert(alert: AlertResult): string {
  const gpu = alert.gpu === null || alert.title.includes(`GPU ${alert.gpu}`) ? "" : `, GPU ${alert.gpu}`;
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
  if (message !== "") return `**Alert:** ${sentence(alert.title)} ${message}`;
  const verb = outcome === "deduplicated" ? "was open already" : outcome === "reopened" ? "was reopened" : "was raised";
  const delivery = dispatched ? "A notification was sent." : "No notification was sent.";
  return `**Alert:** ${sentence(alert.title)} ${alert.alert_id} ${verb} (${alert.severity}). ${delivery}`;
}

export function describeUpdated(alert: AlertResult, action: "acknowledge" | "snooze" | "close"): string {
  switch (action) {
    case "acknowledge":
      return `${alert.alert_id} is acknowledged; its escalation stops. (${alert.title})`;
    case "snooze":
      return `${alert.alert_id} is snoozed${alert.snoozed_until === null ? "" : ` until ${shortTime(alert.snoozed_until)}`}. (${alert.title})`;
    case "close":
      return `${alert.alert_id} is closed. If the fault is seen again, it opens again. (${alert.title})`;
  }
}

export function describeAlerts({ alerts, total, simulated }: ReturnType<typeof AlertsResult.parse>): string {
  if (alerts.length === 0) return "There are no such alerts.";
  const left = total - alerts.length;
  return [
    ...alerts.map((alert) => `- ${describeAlert(alert)}`),
    ...(left > 0 ? [`- and ${left} more`] : []),
    ...(simulated ? ["", "Alerts about a simulated node are among them."] : []),
  ].join("\n");
}

/** One alert in full: where it stands, whom its policy is for, and what became of each notification. */
export function describeAlertInFull(alert: AlertInFull, notifications: readonly NotificationResult[]): string {
  const { escalation } = alert;
  const lines = notifications.map(({ recipient, channel, status, error }) => {
    const isRecord = status === "sent" && (channel === "log" || channel === "file");
    const what = isRecord ? `only recorded in the ${channel}` : `${status} by ${channel}`;
    return `- ${what}: ${recipient}${error === undefined ? "" : ` (${error})`}`;
  });
  return [
    `**${describeAlert(alert)}**${alert.node === "" ? "" : ` on ${alert.node}`}`,
    escalation === null
      ? ""
      : `Policy ${escalation.policy}: to be acknowledged within ${escalation.response_sla_minutes} minutes.${escalation.next_step_at === null ? " No further step is due." : ` The next step is due at ${shortTime(escalation.next_step_at)}.`}`,
    lines.length === 0 ? "Nobody has been notified." : ["**Notifications:**", ...lines].join("\n"),
    alert.is_simulated ? "The node is simulated." : "",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** `2026-11-22 18:25 UTC`; a time that is not ISO stays as it is. */
function shortTime(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z$/, "$1 $2 UTC");
}
