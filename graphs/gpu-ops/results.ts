import { z } from "zod";

import { AssessmentFields, FindingFields } from "../../engine/gpu/assessment-fields.ts";
import { Action, Severity, Verdict } from "../../engine/gpu/vocabulary.ts";

/**
 * What the graph reads of tool results. Tools may live on another server and another version, so these take what they
 * need, allow more, and forgive what is missing; the tools' own output schemas are the full shapes.
 */
const text = z.string().catch("");
const texts = z.array(z.string()).catch([]);
const numberOrNull = z.number().nullable().catch(null);
const flag = z.boolean().catch(false);

const EMPTY: readonly unknown[] = [null, "", false, 0];

function emptyOf(field: z.ZodType): unknown {
  const index = EMPTY.findIndex((value) => field.safeParse(value).success);
  return index === -1 ? [] : EMPTY[index];
}

/** The same fields, each of which is empty when it is missing or of another kind. */
function forgiving<Shape extends Readonly<Record<string, z.ZodType>>>(
  shape: Shape,
): { [Name in keyof Shape]: z.ZodCatch<Shape[Name]> } {
  const entries = Object.entries(shape).map(([name, field]) => [
    name,
    // In a function, so that no two results share a list.
    field.catch(() => emptyOf(field)),
  ]);
  // The names of the shape, with its fields in a catch.
  return Object.fromEntries(entries) as { [Name in keyof Shape]: z.ZodCatch<Shape[Name]> };
}

export const FindingResult = z.object({
  ...forgiving(FindingFields.shape),
  severity: Severity.catch("info"),
  verdict: z.string().catch("healthy"),
  count: z.number().catch(1),
});
export type FindingResult = z.infer<typeof FindingResult>;

export const AssessmentResult = z.object({
  ...forgiving(AssessmentFields.omit({ findings_left_out: true }).shape),
  verdict: Verdict,
  severity: Severity,
  actions: z.array(Action).catch([]),
  forbidden_actions: z.array(Action).catch([]),
  findings: z.array(FindingResult).catch([]),
});
export type AssessmentResult = z.infer<typeof AssessmentResult>;

export const GpuHealthResult = z.looseObject({
  gpu_id: z.number(),
  name: text,
  status: text,
  issues: texts,
  temperature_c: numberOrNull,
  utilization_pct: numberOrNull,
  power_draw_w: numberOrNull,
  clock_speed_mhz: numberOrNull,
  max_clock_mhz: numberOrNull,
  memory_used_gb: numberOrNull,
  memory_total_gb: numberOrNull,
});
export type GpuHealthResult = z.infer<typeof GpuHealthResult>;

export const NodeResult = z.object({
  id: text,
  hostname: z.string().nullish().catch(null),
  driver_version: z.string().nullish().catch(null),
  origin: text,
});

export const HealthCheckResult = z.object({
  gpus: z.array(GpuHealthResult),
  assessment: AssessmentResult,
  node: NodeResult.optional().catch(undefined),
  simulated: flag,
});

export const ListGpusResult = z.object({
  node: NodeResult.optional().catch(undefined),
  gpus: z.array(
    z.object({
      gpu_id: z.number(),
      name: z.string().nullish(),
      pci: z.string().nullish(),
      uuid: z.string().nullish(),
      memory_total_gb: z.number().nullish(),
      status: z.string().nullish(),
    }),
  ),
  simulated: flag,
});

export const EventsResult = z.object({
  events: z.array(
    z.object({
      kind: text,
      xid: z.number().nullish(),
      sxid: z.number().nullish(),
      signal: z.string().nullish(),
      gpu_id: z.number().nullish(),
      time: z.union([z.string(), z.number()]).nullish(),
      line: z.number().nullish(),
      raw: text,
    }),
  ),
  total: z.number().catch(0),
  returned: z.number().catch(0),
  simulated: flag,
});

export const LogResult = z.object({
  assessment: AssessmentResult,
  xids: z.array(z.looseObject({ xid: z.number(), count: z.number().catch(1), meaning: text, action: text })).catch([]),
  total_lines: z.number().catch(0),
  skipped_lines: z.number().catch(0),
  hosts: texts,
});

export const XidResult = z.object({
  xid: z.number(),
  known: flag,
  mnemonic: z.string().nullish(),
  meaning: text,
  component: text,
  severity: text,
  action: text,
  immediate: z.string().nullish(),
  investigate: z.string().nullish(),
  generations: texts,
  stateful_rule: z.string().nullish(),
  source: text,
});
export type XidResult = z.infer<typeof XidResult>;

export const IncidentResult = z.object({
  id: z.string(),
  title: text,
  severity: text,
  root_cause: text,
  remediation: z.union([texts, z.string().transform((value) => [value])]).catch([]),
  similarity_score: z.number().catch(0),
  matched_by: texts,
});
export type IncidentResult = z.infer<typeof IncidentResult>;

export const IncidentsResult = z.object({
  query: text,
  results: z.array(IncidentResult).catch([]),
  no_close_match: flag,
  total_incidents_in_db: z.number().catch(0),
});

export const DiagnosticResultWire = z.object({
  test: text,
  gpu_id: z.number(),
  passed: flag,
  outcome: text,
  mode: text,
  duration_seconds: z.number().catch(0),
  details: z.record(z.string(), z.unknown()).catch({}),
  conclusion: text,
  ran_as: text,
  simulated: flag,
});
export type DiagnosticResultWire = z.infer<typeof DiagnosticResultWire>;

export const AlertResult = z.object({
  alert_id: z.string(),
  fingerprint: z.string().catch(""),
  severity: text,
  title: text,
  status: z.string().catch("open"),
  node: text,
  gpu: numberOrNull,
  component: z.string().nullable().catch(null),
  rule: z.string().nullable().catch(null),
  count: z.number().catch(1),
  snoozed_until: z.string().nullable().catch(null),
  priority: z.string().optional().catch(undefined),
});
export type AlertResult = z.infer<typeof AlertResult>;

export const RaisedAlertResult = z.object({
  alert: AlertResult,
  dispatched: flag,
  outcome: text,
  message: text,
});
export const NotificationResult = z.object({
  channel: text,
  recipient: text,
  status: text,
  error: z.string().optional().catch(undefined),
});
export type NotificationResult = z.infer<typeof NotificationResult>;

export const AlertsResult = z.object({ alerts: z.array(AlertResult), total: z.number().catch(0), simulated: flag });

/** `list_alerts` asked for one alert. */
export const AlertInFull = AlertResult.extend({
  escalation: z
    .object({
      policy: text,
      response_sla_minutes: z.number(),
      next_step_at: z.string().nullable().catch(null),
    })
    .nullable()
    .catch(null),
  is_simulated: flag,
});
export type AlertInFull = z.infer<typeof AlertInFull>;
export const AlertInFullResult = z.object({
  alerts: z.array(AlertInFull).length(1),
  notifications: z.array(NotificationResult).catch([]),
});
export const UpdatedAlertResult = z.object({ alert: AlertResult });

export const PlanStep = z.object({
  order: z.number(),
  action: text,
  title: text,
  command: z
    .union([z.string(), z.array(z.string()).transform((lines) => lines.join("\n"))])
    .nullish()
    .catch(null),
  risk: text,
  needs_approval: flag,
  verification: z.string().nullish().catch(null),
});
export type PlanStep = z.infer<typeof PlanStep>;

export const PlanResult = z.object({
  plan_id: text,
  steps: z.array(PlanStep).catch([]),
  forbidden_actions: texts,
  notes: texts,
});

/** What every result with an assessment has, whichever tool made it. */
export const WithAssessment = z.object({
  assessment: AssessmentResult,
  node: NodeResult.optional().catch(undefined),
  hosts: texts,
});
