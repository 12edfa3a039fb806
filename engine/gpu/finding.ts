import { z } from "zod";

import { Action, Component, Severity, Verdict } from "./vocabulary.ts";

/** A quotation that supports a finding: it exists in the input word for word. */
export const Evidence = z.object({
  from: z.enum(["kernel-log", "reading", "metric", "diagnostic", "source"]),
  /** Where: `line 12`, `gpu 3 remapped_rows.pending`, `memory_stress`. */
  where: z.string(),
  /** What stands there, at most 400 characters. */
  quote: z.string(),
});
export type Evidence = z.infer<typeof Evidence>;

export const Finding = z.object({
  /** Stable id of the rule, for example `memory.row_remap_pending` or `xid.79`. */
  rule: z.string(),
  component: Component,
  gpu: z.number().int().optional(),
  pci: z.string().optional(),
  /** Host the log names for it; tells GPUs of different machines apart. */
  host: z.string().optional(),
  xid: z.number().int().optional(),
  sxid: z.number().int().optional(),
  severity: Severity,
  /** The verdict this finding would give if it stood alone. */
  verdict: Verdict,
  title: z.string(),
  evidence: z.array(Evidence),
  action: Action,
  /** Where the rule comes from: document and section. */
  source: z.string(),
  /** Occurrences folded into this finding. */
  count: z.number().int().min(1),
  /** First occurrence, for ordering causes before effects. */
  firstAtMs: z.number().optional(),
  firstLine: z.number().int().optional(),
  /** Rule of the finding that explains this one; an effect never decides the verdict. */
  causedBy: z.string().optional(),
  /** A number that no threshold of the device or of the model table applies to. */
  isMeasuredOnly: z.boolean().optional(),
});
export type Finding = z.infer<typeof Finding>;

export const Assessment = z.object({
  verdict: Verdict,
  severity: Severity,
  summary: z.string(),
  /** One sentence on the cause; empty for `healthy`. */
  rootCause: z.string(),
  /** Rule of the finding that decided the verdict; absent for `healthy`. */
  primary: z.string().optional(),
  /** Immediate action first, never empty: `NONE` for `healthy`. */
  actions: z.array(Action).min(1),
  /** Actions that would do harm here, for example a reboot on a contained error. */
  forbiddenActions: z.array(Action),
  /** Causes before effects, then by severity, then by GPU. */
  findings: z.array(Finding),
  /** What could not be decided and why: unknown codes, contradictions, cut input. */
  uncertainties: z.array(z.string()),
  /** GPUs the verdict is about. */
  gpus: z.array(z.number().int()),
  isSimulated: z.boolean(),
});
export type Assessment = z.infer<typeof Assessment>;
