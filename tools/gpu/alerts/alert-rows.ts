import { z } from "zod";

import type { AlertState } from "../../../engine/gpu/alerting/escalation.ts";
import type { EscalationPolicy } from "../../../engine/gpu/alerting/policy.ts";
import { isoTime } from "../../../lib/clock.ts";
import { Alert, AlertHistoryEntry, Notification } from "./alert.ts";

/** A row of `alerts`, as SQLite has it. */
export interface AlertRow {
  readonly id: string;
  readonly fingerprint: string;
  readonly status: Alert["status"];
  readonly cycle: number;
  readonly step_cursor: number;
  readonly next_step_at_ms: number | null;
  readonly snoozed_until_ms: number | null;
  readonly inhibited_by: string | null;
  readonly first_seen_ms: number;
  readonly last_seen_ms: number;
  readonly closed_at_ms: number | null;
  readonly count: number;
  readonly severity: Alert["severity"];
  readonly priority: Alert["priority"];
  readonly title: string;
  readonly analysis: string;
  readonly remediation_steps: string;
  readonly node: string;
  readonly gpu: number | null;
  readonly component: Alert["component"];
  readonly rule: string | null;
  readonly evidence: string;
  readonly incident_ids: string;
  readonly owner: string | null;
  readonly thread_id: string | null;
  readonly is_simulated: number;
}

export const ALERT_COLUMNS = [
  "id",
  "fingerprint",
  "status",
  "cycle",
  "step_cursor",
  "next_step_at_ms",
  "snoozed_until_ms",
  "inhibited_by",
  "first_seen_ms",
  "last_seen_ms",
  "closed_at_ms",
  "count",
  "severity",
  "priority",
  "title",
  "analysis",
  "remediation_steps",
  "node",
  "gpu",
  "component",
  "rule",
  "evidence",
  "incident_ids",
  "owner",
  "thread_id",
  "is_simulated",
] as const satisfies readonly (keyof AlertRow)[];

export interface NotificationRow {
  readonly id: string;
  readonly alert_id: string;
  readonly idempotency_key: string;
  readonly channel: string;
  readonly recipient: string;
  readonly step: number;
  readonly status: Notification["status"];
  readonly attempts: number;
  readonly error: string | null;
  readonly due_at_ms: number;
  readonly leased_until_ms: number | null;
  readonly updated_at_ms: number;
}

export interface HistoryRow {
  readonly at_ms: number;
  readonly what: string;
  readonly actor: string | null;
  readonly reason: string | null;
}

const StringList = z.array(z.string());

export function readList(json: string): string[] {
  return StringList.parse(JSON.parse(json));
}

export function stateOf(row: AlertRow): AlertState {
  return {
    status: row.status,
    cycle: row.cycle,
    cursor: row.step_cursor,
    nextStepAtMs: row.next_step_at_ms,
    snoozedUntilMs: row.snoozed_until_ms,
    isInhibited: row.inhibited_by !== null,
  };
}

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

/** Throws when the row does not fit the schema, for example a status written by another program. */
export function toAlert(row: AlertRow, policy: EscalationPolicy): Alert {
  return Alert.parse({
    alert_id: row.id,
    fingerprint: row.fingerprint,
    timestamp: isoTime(row.first_seen_ms),
    last_seen: isoTime(row.last_seen_ms),
    count: row.count,
    severity: row.severity,
    priority: row.priority,
    title: row.title,
    analysis: row.analysis,
    remediation_steps: readList(row.remediation_steps),
    node: row.node,
    gpu: row.gpu,
    component: row.component,
    rule: row.rule,
    evidence: readList(row.evidence),
    incident_ids: readList(row.incident_ids),
    escalation: {
      policy: policy.name,
      notify: policy.notify,
      response_sla_minutes: policy.response_minutes,
      next_step_at: isoOrNull(row.next_step_at_ms),
      step: row.step_cursor,
    },
    source: "nemops-agent",
    status: row.status,
    snoozed_until: isoOrNull(row.snoozed_until_ms),
    owner: row.owner,
    thread_id: row.thread_id,
    inhibited_by: row.inhibited_by,
    is_simulated: row.is_simulated === 1,
  });
}

export function toNotification(row: NotificationRow): Notification {
  return Notification.parse({
    id: row.id,
    alert_id: row.alert_id,
    channel: row.channel,
    recipient: row.recipient,
    step: row.step,
    status: row.status,
    attempts: row.attempts,
    ...(row.error === null ? {} : { error: row.error }),
    due_at: isoTime(row.due_at_ms),
    updated_at: isoTime(row.updated_at_ms),
  });
}

export function toHistoryEntry(row: HistoryRow): AlertHistoryEntry {
  return AlertHistoryEntry.parse({ at: isoTime(row.at_ms), what: row.what, by: row.actor, reason: row.reason });
}
