import type { Component } from "../vocabulary.ts";

export interface InhibitionSubject {
  readonly node: string;
  readonly gpu: number | null;
  readonly component: Component | null;
  readonly rule: string | null;
}

interface InhibitionRule {
  readonly name: string;
  isCause(alert: InhibitionSubject): boolean;
  isEffect(alert: InhibitionSubject): boolean;
  readonly scope: "gpu" | "node";
}

/** Rules that say the GPU is off the bus: nothing it reported last means anything now. */
const GPU_LOST = /(^|\.)(xid\.79|gpu_lost)$/;
const NODE_DOWN = /(^|\.)(node_down|node_unreachable)$/;

/** One row per relation: an open cause hides its effects, so that one fault tells people once. */
const INHIBITIONS: readonly InhibitionRule[] = [
  {
    name: "a lost GPU hides its own thermal alerts",
    isCause: (alert) => alert.rule !== null && GPU_LOST.test(alert.rule),
    isEffect: (alert) => alert.component === "thermal",
    scope: "gpu",
  },
  {
    name: "a node that is down hides its GPUs",
    isCause: (alert) => alert.rule !== null && NODE_DOWN.test(alert.rule),
    isEffect: (alert) => alert.gpu !== null,
    scope: "node",
  },
];

/** True when an open `cause` explains `effect`, so that nobody need be told of the second. */
export function inhibits(cause: InhibitionSubject, effect: InhibitionSubject): boolean {
  return INHIBITIONS.some(
    (rule) =>
      cause.node === effect.node &&
      (rule.scope === "node" || (cause.gpu !== null && cause.gpu === effect.gpu)) &&
      rule.isCause(cause) &&
      !rule.isCause(effect) &&
      rule.isEffect(effect),
  );
}
