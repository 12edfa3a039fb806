import { z } from "zod";

import { defineTool } from "../define-tool.ts";
import { Alert } from "./alerts/alert.ts";
import type { GpuToolContext } from "./context.ts";

const MINUTE_MS = 60_000;
const DEFAULT_SNOOZE_MINUTES = 60;

export const updateAlert = defineTool({
  name: "update_alert",
  description:
    "Acknowledge, snooze or close an alert. Acknowledging stops its escalation; a snoozed alert wakes up by itself and escalates again; a fault that comes back within 30 minutes of closing reopens the same alert. Nothing is deleted.",
  input: z.object({
    alert_id: z.string().trim().min(1).max(40).describe("Id of the alert, `NEMOPS-` and eight hex digits"),
    action: z.enum(["acknowledge", "snooze", "close"]).describe("What to do with it"),
    minutes: z
      .number()
      .min(1)
      .max(43_200)
      .optional()
      .describe("For snooze: minutes until it wakes up, default 60, at most 30 days"),
    by: z.string().trim().min(1).max(200).optional().describe("Who does it; becomes the owner"),
    reason: z.string().trim().max(1_000).optional().describe("For close: what solved it"),
  }),
  output: z.object({
    alert: Alert.describe("The alert after the change"),
    message: z.string().describe("What was done, in words"),
    simulated: z.boolean().describe("True when the alert is about a simulated node"),
  }),
  annotations: {
    title: "Acknowledge, snooze or close an alert",
    readOnlyHint: false,
    destructiveHint: false,
    // A second snooze counts from its own moment.
    idempotentHint: false,
    openWorldHint: false,
  },
  run(input, { context }: { context: GpuToolContext }) {
    const alert = apply(input, context);
    return Promise.resolve({ alert, message: describe(alert), simulated: alert.is_simulated });
  },
});

interface Update {
  readonly alert_id: string;
  readonly action: "acknowledge" | "snooze" | "close";
  readonly minutes?: number;
  readonly by?: string;
  readonly reason?: string;
}

function apply(update: Update, { alerts, clock }: GpuToolContext): Alert {
  const id = update.alert_id.toUpperCase();
  switch (update.action) {
    case "acknowledge":
      return alerts.acknowledge(id, update.by);
    case "snooze":
      return alerts.snooze(id, clock.now() + (update.minutes ?? DEFAULT_SNOOZE_MINUTES) * MINUTE_MS, update.by);
    case "close":
      return alerts.close(id, update.by, update.reason);
  }
}

function describe(alert: Alert): string {
  const who = alert.owner === null ? "" : ` by ${alert.owner}`;
  if (alert.status === "snoozed") {
    return `${alert.alert_id} is snoozed${who} until ${alert.snoozed_until ?? "its time"} and then escalates again.`;
  }
  return `${alert.alert_id} is ${alert.status}${who}; its escalation has stopped.`;
}
