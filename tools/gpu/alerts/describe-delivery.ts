import type { AlertDispatcher, Notification, RaisedAlert } from "./alert.ts";

export interface Delivery {
  /** A channel that reaches people accepted the message. */
  readonly dispatched: boolean;
  readonly message: string;
}

const OPENINGS: Readonly<Record<RaisedAlert["outcome"], string>> = {
  created: "was raised",
  deduplicated: "was open already; this sighting is counted",
  reopened: "was closed a short while ago and is open again",
};

/**
 * What really happened to an alert's notifications, in words that claim no more: a policy that names PagerDuty has told
 * nobody by being named, and a line in the log has not either.
 */
export function describeDelivery(
  { alert, outcome, notifications }: RaisedAlert,
  channels: AlertDispatcher["channels"] | undefined,
): Delivery {
  const peopleChannels = new Set((channels ?? []).filter(({ reachesPeople }) => reachesPeople).map(({ name }) => name));
  const isForPeople = ({ channel }: Notification): boolean => peopleChannels.has(channel);
  const current = notifications.filter(({ status }) => status !== "cancelled");
  const told = current.filter((notification) => notification.status === "sent" && isForPeople(notification));
  const recorded = current.filter((notification) => notification.status === "sent" && !isForPeople(notification));
  const queued = current.filter(({ status }) => status === "queued");
  const failed = current.filter(({ status }) => status === "failed");
  const names = alert.escalation.notify.join(" and ");

  const sentences = [
    `${alert.alert_id} ${OPENINGS[outcome]} (${alert.severity}, ${alert.priority}${alert.count > 1 ? `, seen ${alert.count} times` : ""}).`,
  ];
  if (alert.inhibited_by) {
    sentences.push(`It follows from ${alert.inhibited_by}, so nobody is told separately while that is not closed.`);
  } else if (alert.status === "acknowledged" || alert.status === "snoozed") {
    sentences.push(`It is ${alert.status}, so nobody is told again.`);
  }
  if (told.length > 0) {
    sentences.push(
      `Accepted by ${listOf(told)} for ${told.at(-1)?.recipient ?? names}; who is paged from there is up to the receiver.`,
    );
  }
  if (recorded.length > 0) sentences.push(`Recorded in ${listOf(recorded)}.`);
  if (queued.length > 0) sentences.push(`Queued for ${listOf(queued)}${reasonOf(queued)}; it is tried again.`);
  if (failed.length > 0) sentences.push(`Not delivered to ${listOf(failed)}${reasonOf(failed)}.`);
  if (alert.severity === "info") {
    sentences.push(`Nobody has been told: policy ${alert.escalation.policy} only records.`);
  } else if (channels !== undefined && peopleChannels.size === 0) {
    sentences.push(
      `Nobody has been told: no channel that reaches people is configured (ALERT_WEBHOOK_URL), and the policy is for ${names}.`,
    );
  } else if (channels === undefined) {
    sentences.push("Nothing in this process delivers; the running service does.");
  }
  if (alert.is_simulated) sentences.push("The node is simulated.");
  return { dispatched: told.length > 0, message: sentences.join(" ") };
}

function listOf(notifications: readonly Notification[]): string {
  return [...new Set(notifications.map(({ channel }) => `the ${channel}`))].join(" and ");
}

function reasonOf(notifications: readonly Notification[]): string {
  const error = notifications.findLast((notification) => notification.error !== undefined)?.error;
  return error === undefined ? "" : ` (${error})`;
}
