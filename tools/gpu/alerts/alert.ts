import { z } from "zod";

import { AlertPriority, AlertStatus } from "../../../engine/gpu/alerting/status.ts";
import { Component, Severity } from "../../../engine/gpu/vocabulary.ts";

export { AlertPriority, AlertStatus };

const time = z.iso.datetime();

/** One message to one channel. `sent` only after the channel accepted it. */
export const Notification = z.object({
  id: z.string().describe("Id of the notification"),
  alert_id: z.string().describe("Alert it is about"),
  channel: z.string().describe("Way out: `log` and `file` only record, `webhook` reaches people"),
  recipient: z.string().describe("Whom the policy step is for, for example `on-call: #gpu-incidents, PagerDuty`"),
  step: z.number().int().describe("Index of the policy step that caused it"),
  status: z
    .enum(["queued", "sent", "failed", "cancelled"])
    .describe(
      "`sent`: accepted by the channel. `queued`: still to be tried. `failed`: given up. `cancelled`: not needed",
    ),
  attempts: z.number().int().describe("Tries so far"),
  error: z.string().optional().describe("What the last try met, or why it was cancelled"),
  due_at: time.describe("When it is tried next, or was due"),
  updated_at: time.describe("Last change"),
});
export type Notification = z.infer<typeof Notification>;

export const Alert = z.object({
  alert_id: z.string().describe("`NEMOPS-` and eight upper-case hex digits"),
  fingerprint: z
    .string()
    .describe("What makes two alerts the same fault: node, component, rule, and GPU where there is one"),
  timestamp: time.describe("First raised, ISO 8601"),
  last_seen: time.describe("Last raised, ISO 8601"),
  count: z.number().int().describe("How often the fault was raised"),
  severity: Severity.describe("Highest severity the fault was raised with"),
  priority: AlertPriority.describe(
    "P1 several GPUs, fabric or data at risk; P2 one GPU unusable; P3 degraded; P4 watch; P5 information",
  ),
  title: z.string().describe("One line"),
  analysis: z.string().describe("What was found and why"),
  remediation_steps: z.array(z.string()).describe("What to do, in order"),
  node: z.string().describe("Node the fault is on"),
  gpu: z.number().int().nullable().describe("GPU index; null for a fault of the node"),
  component: Component.nullable().describe("Part of the machine"),
  rule: z.string().nullable().describe("Rule of the diagnosis, for example `xid.79`"),
  evidence: z.array(z.string()).describe("Quotations that support it, newest first"),
  incident_ids: z.array(z.string()).describe("Past incidents it resembles"),
  escalation: z
    .object({
      policy: z.string().describe("Name of the policy"),
      notify: z.array(z.string()).describe("Who the policy is for; being listed here does not mean being told"),
      response_sla_minutes: z.number().describe("Time to acknowledge"),
      next_step_at: time
        .nullable()
        .describe("Next step that runs unless somebody acknowledges; null when none is left"),
      step: z.number().int().describe("Steps already run in the present escalation, repeats included"),
    })
    .describe("Where the escalation stands"),
  source: z.literal("nemops-agent").describe("Who raised it"),
  status: AlertStatus.describe("Life of the alert"),
  snoozed_until: time.nullable().describe("When a snoozed alert wakes up"),
  owner: z.string().nullable().describe("Who acknowledged, snoozed or closed it last"),
  thread_id: z.string().nullable().describe("Conversation it was raised in"),
  inhibited_by: z
    .string()
    .nullable()
    .optional()
    .describe("Alert that explains this one; while that is not closed nobody is told about this one"),
  is_simulated: z.boolean().describe("True when the fault is on a simulated node"),
});
export type Alert = z.infer<typeof Alert>;

export interface RaiseAlert {
  readonly severity: Severity;
  readonly title: string;
  readonly analysis: string;
  readonly remediationSteps: readonly string[];
  readonly node?: string;
  readonly gpu?: number;
  readonly component?: Component;
  readonly rule?: string;
  readonly evidence?: readonly string[];
  readonly incidentIds?: readonly string[];
  readonly threadId?: string;
  readonly priority?: AlertPriority;
  readonly isSimulated: boolean;
}

export interface RaisedAlert {
  readonly alert: Alert;
  /** `created`, `deduplicated` (open already: count raised) or `reopened` (closed a short while ago). */
  readonly outcome: "created" | "deduplicated" | "reopened";
  readonly notifications: readonly Notification[];
}

export interface AlertFilter {
  readonly status?: AlertStatus;
  readonly severity?: Severity;
  readonly node?: string;
  readonly gpu?: number;
  readonly limit?: number;
  readonly offset?: number;
}

/** The persistent record of alerts. Every change is one transaction; `alert_not_found` for an unknown id. */
export interface AlertBook {
  raise(alert: RaiseAlert): RaisedAlert;
  get(id: string): Alert;
  list(filter?: AlertFilter): { alerts: readonly Alert[]; total: number };
  notifications(id: string): readonly Notification[];
  acknowledge(id: string, by?: string): Alert;
  snooze(id: string, untilMs: number, by?: string): Alert;
  close(id: string, by?: string, reason?: string): Alert;
}

/** One line of an alert's history. */
export const AlertHistoryEntry = z.object({
  at: time.describe("When"),
  what: z
    .enum(["created", "reopened", "worsened", "acknowledged", "snoozed", "woken", "closed", "inhibited", "released"])
    .describe("What happened"),
  by: z.string().nullable().describe("Who did it; null for the service"),
  reason: z.string().nullable().describe("Why, or the alert that hid or released it"),
});
export type AlertHistoryEntry = z.infer<typeof AlertHistoryEntry>;

/** Brings queued notifications to their channels. */
export interface AlertDispatcher {
  /** The configured channels; `reachesPeople` is false for the log and the file, which only record. */
  readonly channels: readonly { readonly name: string; readonly reachesPeople: boolean }[];
  /**
   * Tries what is queued and due for one alert once, within a bound of a few seconds, and answers all its notifications
   * as they stand afterwards. What failed stays queued for the background pump. Rejects only for a failing store.
   */
  deliverNow(alertId: string, signal: AbortSignal): Promise<readonly Notification[]>;
}
