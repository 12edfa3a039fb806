import { z } from "zod";

import { Component, Severity } from "../../engine/gpu/vocabulary.ts";
import { defineTool } from "../define-tool.ts";
import { Alert, type Notification, Notification as NotificationSchema } from "./alerts/alert.ts";
import { describeDelivery } from "./alerts/describe-delivery.ts";
import type { GpuToolContext } from "./context.ts";

/** Notifications shown; an alert that has been open for long has more. */
const MAX_NOTIFICATIONS = 20;

export const generateAlert = defineTool({
  name: "generate_alert",
  description:
    "Raise an alert about a GPU fault in the alert book and notify along the escalation policy of its severity (critical: on-call, then secondary, then manager; warning: channel, then on-call; info: recorded only). The same fault (node, component, rule, GPU) is counted on the alert that is open already. The answer says what was really sent, queued or failed. Raise one only for a fault that is still there, not for a healthy node or an application error.",
  input: z.object({
    severity: z
      .string()
      .trim()
      .min(1)
      .max(40)
      .describe("`critical`, `warning` or `info`; anything else counts as info"),
    title: z.string().trim().min(1).max(200).describe("One line that names the GPU and the fault"),
    analysis: z.string().max(20_000).describe("What was found, with evidence, and the likely cause"),
    remediation_steps: z.array(z.string().max(1_000)).max(50).describe("What to do, in order"),
    node: z.string().trim().min(1).max(253).optional().describe("Node of the fault; the first known node when absent"),
    gpu_id: z.number().int().min(0).max(255).optional().describe("Index of the GPU; absent for a fault of the node"),
    component: Component.optional().describe("Part of the machine; derived from the rule where that names it"),
    rule: z
      .string()
      .trim()
      .regex(/^[\w.:-]{1,120}$/, "must be letters, digits and . _ : -, for example xid.79")
      .optional()
      .describe(
        "Rule of the finding, for example `xid.79` or `memory.row_remap_pending`; decides what the same fault is",
      ),
    evidence: z.array(z.string().max(1_000)).max(20).optional().describe("Quotations that support the alert"),
    incident_ids: z
      .array(z.string().max(64))
      .max(20)
      .optional()
      .describe("Past incidents it resembles, for example `I04`"),
    thread_id: z.string().max(200).optional().describe("Conversation the alert is raised in"),
  }),
  output: z.object({
    alert: Alert.describe("The alert as it now stands in the book"),
    dispatched: z
      .boolean()
      .describe("True only when a channel that reaches people has accepted a notification; log and file do not count"),
    outcome: z
      .enum(["created", "deduplicated", "reopened"])
      .describe("`deduplicated`: open already, counted. `reopened`: closed less than 30 minutes ago"),
    notifications: z
      .array(NotificationSchema)
      .max(MAX_NOTIFICATIONS)
      .describe("The latest notifications, oldest first"),
    notifications_left_out: z
      .number()
      .int()
      .describe("Older notifications not shown; `list_alerts` with the id has them"),
    message: z.string().describe("What was done and who was told, in words"),
    simulated: z.boolean().describe("True when the fault is on a simulated node"),
  }),
  annotations: {
    title: "Raise an alert",
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: true,
  },
  async run(input, { context, signal }: { context: GpuToolContext; signal: AbortSignal }) {
    const severity = Severity.safeParse(input.severity.toLowerCase());
    const place = await placeOf(input.node, context, signal);
    const raised = context.alerts.raise({
      severity: severity.success ? severity.data : "info",
      title: input.title,
      analysis: input.analysis,
      remediationSteps: input.remediation_steps,
      node: place.node,
      gpu: input.gpu_id,
      component: input.component,
      rule: input.rule,
      evidence: input.evidence,
      incidentIds: input.incident_ids,
      threadId: input.thread_id,
      isSimulated: place.isSimulated,
    });
    const { alert_id: id } = raised.alert;
    const isNew = raised.notifications.some(({ status, step }) => status === "queued" && step === 0);
    const pending = new Set(raised.notifications.filter(({ status }) => status === "queued").map((one) => one.id));
    const after = (await context.alertDispatcher?.deliverNow(id, signal)) ?? raised.notifications;
    // What an earlier escalation of this alert sent does not speak for the one that has just begun.
    const notifications: readonly Notification[] = isNew ? after.filter((one) => pending.has(one.id)) : after;
    const { dispatched, message } = describeDelivery({ ...raised, notifications }, context.alertDispatcher?.channels);
    const shown = notifications.slice(-MAX_NOTIFICATIONS);
    return {
      alert: raised.alert,
      dispatched,
      outcome: raised.outcome,
      notifications: [...shown],
      notifications_left_out: after.length - shown.length,
      message: severity.success
        ? message
        : `Severity ${JSON.stringify(input.severity)} is not critical, warning or info and counts as info. ${message}`,
      simulated: raised.alert.is_simulated,
    };
  },
});

/** A node that the source does not know, for example from a pasted log, is a real one. */
async function placeOf(
  node: string | undefined,
  { telemetry }: GpuToolContext,
  signal: AbortSignal,
): Promise<{ node: string | undefined; isSimulated: boolean }> {
  const nodes = await telemetry.listNodes(signal);
  const found = node === undefined ? nodes[0] : nodes.find(({ id, hostname }) => id === node || hostname === node);
  return { node: found?.id ?? node, isSimulated: telemetry.isSimulated && (found !== undefined || node === undefined) };
}
