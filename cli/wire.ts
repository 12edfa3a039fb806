import { z } from "zod";

import { AssessmentFields, FindingFields } from "../engine/gpu/assessment-fields.ts";

/**
 * What the commands read of the service's answers. Objects are open: `--json` passes on everything a server sends, and a
 * newer server may send more.
 */
const text = z.string();
const count = z.number();

export const NodeList = z.looseObject({
  nodes: z.array(z.looseObject({ id: text, hostname: text, rack: text.nullish() })),
  source: text.optional(),
  simulated: z.boolean(),
});
export type NodeList = z.infer<typeof NodeList>;

export const GpuList = z.looseObject({
  gpus: z.array(
    z.looseObject({
      gpu_id: count,
      uuid: text.nullish(),
      pci: text.nullish(),
      name: text.nullish(),
      serial: text.nullish(),
      memory_total_gb: count.nullish(),
      status: text.nullish(),
    }),
  ),
  simulated: z.boolean(),
});
export type GpuList = z.infer<typeof GpuList>;

const { gpu, pci, title } = FindingFields.shape;
const WireFinding = FindingFields.pick({ rule: true, severity: true, action: true, evidence: true })
  .extend({ gpu: gpu.optional(), pci: pci.optional(), title: title.nullish() })
  .loose();

const { uncertainties } = AssessmentFields.shape;
export const WireAssessment = AssessmentFields.pick({
  verdict: true,
  severity: true,
  summary: true,
  root_cause: true,
  actions: true,
})
  .extend({ findings: z.array(WireFinding), uncertainties: uncertainties.default([]) })
  .loose();
export type WireAssessment = z.infer<typeof WireAssessment>;

export const Health = z.looseObject({
  gpus: z.array(
    z.looseObject({
      gpu_id: count,
      name: text.nullish(),
      status: text,
      issues: z.array(text).default([]),
      temperature_c: count.nullish(),
      utilization_pct: count.nullish(),
      memory_used_gb: count.nullish(),
      memory_total_gb: count.nullish(),
      power_draw_w: count.nullish(),
      power_limit_w: count.nullish(),
      clock_speed_mhz: count.nullish(),
    }),
  ),
  summary: z.looseObject({ total_gpus: count, overall_status: text, action_required: z.boolean() }),
  assessment: WireAssessment,
  node: z.looseObject({ id: text.nullish(), hostname: text.nullish(), driver_version: text.nullish() }).nullish(),
  simulated: z.boolean(),
});
export type Health = z.infer<typeof Health>;

export const Events = z.looseObject({
  events: z.array(
    z.looseObject({
      kind: text,
      xid: count.nullish(),
      sxid: count.nullish(),
      signal: text.nullish(),
      gpu_id: count.nullish(),
      pci: text.nullish(),
      time: text.nullish(),
      line: count.nullish(),
      raw: text,
    }),
  ),
  total: count,
  returned: count.optional(),
  skipped_lines: count.optional(),
  simulated: z.boolean(),
});
export type Events = z.infer<typeof Events>;

export const Diagnostic = z.looseObject({
  test: text,
  gpu_id: count,
  passed: z.boolean(),
  outcome: text,
  mode: text,
  duration_seconds: count,
  details: z.record(z.string(), z.unknown()),
  conclusion: text,
  simulated: z.boolean(),
});
export type Diagnostic = z.infer<typeof Diagnostic>;

export const WireAlert = z.looseObject({
  alert_id: text,
  status: text,
  severity: text,
  priority: text.nullish(),
  title: text,
  count: count.nullish(),
  node: text.nullish(),
  gpu: count.nullish(),
  last_seen: text.nullish(),
});

export const AlertList = z.looseObject({ alerts: z.array(WireAlert), total: count });
export type AlertList = z.infer<typeof AlertList>;

export const AlertChange = z.looseObject({ alert: WireAlert });
export type AlertChange = z.infer<typeof AlertChange>;

export const IncidentSearch = z.looseObject({
  results: z.array(
    z.looseObject({
      id: text,
      title: text,
      severity: text,
      root_cause: text.nullish(),
      similarity_score: count,
    }),
  ),
  total_incidents_in_db: count,
  no_close_match: z.boolean().default(false),
  message: text.nullish(),
});
export type IncidentSearch = z.infer<typeof IncidentSearch>;

/** The report the agent leaves in its state; all parts are optional, because another server may leave less. */
export const WireReport = z.looseObject({
  verdict: text.nullish(),
  severity: text.nullish(),
  summary: text.nullish(),
  root_cause: text.nullish(),
  evidence: z.array(text).default([]),
  actions: z.array(text).default([]),
  incidents: z.array(z.looseObject({ id: text, title: text.nullish() })).default([]),
  remediation: z
    .array(
      z.looseObject({
        title: text.nullish(),
        action: text.nullish(),
        command: text.nullish(),
        risk: text.nullish(),
        needs_approval: z.boolean().nullish(),
      }),
    )
    .default([]),
  alerts: z.array(z.looseObject({ alert_id: text, title: text.nullish(), outcome: text.nullish() })).default([]),
  uncertainties: z.array(text).default([]),
  simulated: z.boolean().nullish(),
  answered_by: text.nullish(),
  notes: z.array(text).default([]),
});
export type WireReport = z.infer<typeof WireReport>;
