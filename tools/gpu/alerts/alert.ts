import { z } from "zod";

import { AlertPriority, AlertStatus } from "../../../engine/gpu/alerting/status.ts";
import { Component, Severity } from "../../../engine/gpu/vocabulary.ts";

export { AlertPriority, AlertStatus };

/** One attempt to tell somebody. `sent` only after the receiver accepted it. */
export const Notification = z.object({
  id: z.string(),
  alert_id: z.string(),
  channel: z.string(),
  recipient: z.string(),
  /** Index of the policy step that caused it. */
  step: z.number().int(),
  status: z.enum(["queued", "sent", "failed", "cancelled"]),
  attempts: z.number().int(),
  error: z.string().optional(),
  due_at: z.string(),
  updated_at: z.string(),
});
export type Notification = z.infer<typeof Notification>;

export const Alert = z.object({
  /** `NEMOPS-` and eight upper-case hex digits. */
  alert_id: z.string(),
  /** node + component + rule, plus the GPU where there is one: what makes two alerts the same fault. */
  fingerprint: z.string(),
  /** First raised, ISO 8601. */
  timestamp: z.string(),
  last_seen: z.string(),
  count: z.number().int(),
  severity: Severity,
  priority: AlertPriority,
  title: z.string(),
  analysis: z.string(),
  remediation_steps: z.array(z.string()),
  node: z.string(),
  gpu: z.number().int().nullable(),
  component: Component.nullable(),
  rule: z.string().nullable(),
  evidence: z.array(z.string()),
  incident_ids: z.array(z.string()),
  escalation: z.object({
    policy: z.string(),
    notify: z.array(z.string()),
    response_sla_minutes: z.number(),
    /** Next step that runs unless somebody acknowledges, null when none is left. */
    next_step_at: z.string().nullable(),
    /** Steps already run in the present escalation, repeats included. */
    step: z.number().int(),
  }),
  source: z.literal("nemops-agent"),
  status: AlertStatus,
  snoozed_until: z.string().nullable(),
  owner: z.string().nullable(),
  thread_id: z.string().nullable(),
  /** Alert that explains this one; while that is not closed nobody is told about this one. */
  inhibited_by: z.string().nullable().optional(),
  is_simulated: z.boolean(),
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
  at: z.string(),
  what: z.enum([
    "created",
    "reopened",
    "worsened",
    "acknowledged",
    "snoozed",
    "woken",
    "closed",
    "inhibited",
    "released",
  ]),
  by: z.string().nullable(),
  reason: z.string().nullable(),
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
