import { lookupXid } from "../catalog/xid.ts";
import type { Component, Severity } from "../vocabulary.ts";
import { componentOfRule } from "./fingerprint.ts";
import type { AlertPriority } from "./status.ts";

export interface PriorityInput {
  readonly severity: Severity;
  readonly component?: Component;
  readonly rule?: string;
  /** GPUs that have this fault at the same time, this one included. */
  readonly gpuCount: number;
}

/** Faults of these parts stop work on every GPU behind them. */
const SHARED_COMPONENTS: ReadonlySet<Component> = new Set(["fabric", "host"]);

/** Rules over several GPUs, which carry no GPU of their own. */
const SEVERAL_GPU_RULES = /\.gpus_[a-z_]+_together$/;

/** Results computed meanwhile may be wrong: uncontained memory errors, escaped ECC errors, silent corruption. */
const DATA_RISK_RULES: readonly RegExp[] = [/^xid\.95$/, /^xid\.140$/, /sdc|silent_data|corruption|miscompare/];

/**
 * Critical is P1 when several GPUs or the data are at stake and P2 for one GPU; a warning is P3, or P4 when the XID
 * catalogue asks for nothing but watching; information is P5.
 */
export function alertPriority(input: PriorityInput): AlertPriority {
  const { severity, rule } = input;
  if (severity === "info") return "P5";
  if (severity === "warning") return rule !== undefined && isWatchOnly(rule) ? "P4" : "P3";
  const component = (rule === undefined ? undefined : componentOfRule(rule)) ?? input.component;
  const isShared = component !== undefined && SHARED_COMPONENTS.has(component);
  const isDataRisk = rule !== undefined && DATA_RISK_RULES.some((pattern) => pattern.test(rule));
  const isSeveral = input.gpuCount >= 2 || (rule !== undefined && SEVERAL_GPU_RULES.test(rule));
  return isSeveral || isShared || isDataRisk ? "P1" : "P2";
}

function isWatchOnly(rule: string): boolean {
  const code = /^xid\.(\d+)$/.exec(rule)?.[1];
  if (code === undefined) return false;
  const { action } = lookupXid(Number(code));
  return action === "NONE" || action === "WATCH";
}
