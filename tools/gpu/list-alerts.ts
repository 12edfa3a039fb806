import { z } from "zod";

import { Severity } from "../../engine/gpu/vocabulary.ts";
import { defineTool } from "../define-tool.ts";
import { Alert, AlertStatus, Notification } from "./alerts/alert.ts";
import type { GpuToolContext } from "./context.ts";

const MAX_ANALYSIS_IN_LIST = 400;

export const listAlerts = defineTool({
  name: "list_alerts",
  description:
    "List alerts of the alert book, the one seen last first, or show one alert in full with its notifications when `alert_id` is given.",
  input: z.object({
    alert_id: z.string().trim().max(40).optional().describe("Show this alert only, uncut and with its notifications"),
    status: AlertStatus.optional().describe("Only alerts with this status"),
    severity: Severity.optional().describe("Only alerts of this severity"),
    node: z.string().trim().max(253).optional().describe("Only alerts of this node"),
    gpu_id: z.number().int().min(0).optional().describe("Only alerts of the GPU with this index"),
    limit: z.number().int().min(1).max(100).optional().describe("Most alerts to show, default 20"),
    offset: z.number().int().min(0).max(1_000_000).optional().describe("Alerts to skip, for the next page"),
  }),
  output: z.object({
    alerts: z.array(Alert).describe("The alerts; a long analysis is cut unless `alert_id` was given"),
    total: z.number().int().describe("How many match, also beyond the limit"),
    left_out: z.number().int().describe("How many match and come after those shown; raise `offset` to see them"),
    notifications: z.array(Notification).optional().describe("With `alert_id`: the 50 latest notifications"),
    simulated: z.boolean().describe("True when an alert shown is about a simulated node"),
  }),
  annotations: {
    title: "List alerts",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  run(input, { context }: { context: GpuToolContext }) {
    if (input.alert_id !== undefined) {
      const alert = context.alerts.get(input.alert_id.toUpperCase());
      const notifications = context.alerts.notifications(alert.alert_id).slice(-50);
      return Promise.resolve({ alerts: [alert], total: 1, left_out: 0, notifications, simulated: alert.is_simulated });
    }
    const offset = input.offset ?? 0;
    const { alerts, total } = context.alerts.list({
      status: input.status,
      severity: input.severity,
      node: input.node,
      gpu: input.gpu_id,
      limit: input.limit ?? 20,
      offset,
    });
    return Promise.resolve({
      alerts: alerts.map(shorten),
      total,
      left_out: Math.max(0, total - offset - alerts.length),
      simulated: alerts.some((alert) => alert.is_simulated),
    });
  },
});

function shorten(alert: Alert): Alert {
  const { analysis } = alert;
  if (analysis.length <= MAX_ANALYSIS_IN_LIST) return alert;
  const left = analysis.length - MAX_ANALYSIS_IN_LIST;
  return {
    ...alert,
    analysis: `${analysis.slice(0, MAX_ANALYSIS_IN_LIST)}… (${left} more characters; ask with alert_id ${alert.alert_id})`,
  };
}
