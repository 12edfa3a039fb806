import type { AlertState } from "../../../engine/gpu/alerting/escalation.ts";
import {
  alertFingerprint,
  componentOfRule,
  gpuInTitle,
  ruleInTitle,
} from "../../../engine/gpu/alerting/fingerprint.ts";
import type { Alert, RaiseAlert } from "./alert.ts";
import type { AlertRow } from "./alert-rows.ts";

/** Evidence and incident ids gathered over all the times a fault was seen. */
const MAX_GATHERED = 20;
/** The node of an alert that names none. */
const LOCAL_NODE = "local";

/** Which fault an alert is about. */
export type Identity = Pick<AlertRow, "fingerprint" | "node" | "gpu" | "component" | "rule">;

export function identify(fault: RaiseAlert): Identity {
  const node = fault.node ?? LOCAL_NODE;
  const rule = fault.rule ?? ruleInTitle(fault.title);
  return {
    fingerprint: alertFingerprint({ ...fault, node }),
    node,
    gpu: fault.gpu ?? gpuInTitle(fault.title) ?? null,
    component: (rule === undefined ? undefined : componentOfRule(rule)) ?? fault.component ?? null,
    rule: rule ?? null,
  };
}

export function contentOf(fault: RaiseAlert, priority: Alert["priority"]) {
  return {
    severity: fault.severity,
    priority,
    title: fault.title,
    analysis: fault.analysis,
    remediation_steps: JSON.stringify(fault.remediationSteps),
  };
}

/** The newest first, each once, as JSON. */
export function gather(known: readonly string[], added: readonly string[] = []): string {
  return JSON.stringify([...new Set([...added, ...known])].slice(0, MAX_GATHERED));
}

export function closedAt(row: AlertRow, after: AlertState, nowMs: number): number | null {
  if (after.status !== "closed") return null;
  return row.closed_at_ms ?? nowMs;
}

export function withState(row: AlertRow, state: AlertState): AlertRow {
  return {
    ...row,
    status: state.status,
    cycle: state.cycle,
    step_cursor: state.cursor,
    next_step_at_ms: state.nextStepAtMs,
    snoozed_until_ms: state.snoozedUntilMs,
  };
}
