import { z } from "zod";

import { Severity } from "../vocabulary.ts";

const MINUTE_MS = 60_000;
const minutes = z.number().min(0).max(10_080);

/** One policy as it stands in the data file. */
export const EscalationPolicy = z
  .object({
    name: z.string().min(1),
    severity: Severity,
    /** Who the policy is for, by the names operators know. */
    notify: z.array(z.string().min(1)).min(1),
    response_minutes: minutes,
    steps: z
      .array(
        z.object({
          /** Counted from the start of the escalation; steps must not go back in time. */
          after_minutes: minutes,
          role: z.string().min(1),
          recipients: z.array(z.string().min(1)).min(1),
          /** Channels the step may use; of these the configured ones are used. */
          channels: z.array(z.string().min(1)).min(1),
        }),
      )
      .min(1)
      .max(20),
    /** The whole sequence runs again `count` times, each `wait_minutes` after the last step. */
    repeat: z.object({ count: z.number().int().min(0).max(20), wait_minutes: minutes }),
  })
  .refine(({ steps }) => steps.every((step, index) => step.after_minutes >= (steps[index - 1]?.after_minutes ?? 0)), {
    message: "steps must be in order of after_minutes",
  });
export type EscalationPolicy = z.infer<typeof EscalationPolicy>;

/** A policy for each severity: an alert of any severity has somewhere to go. */
export const EscalationPolicies = z
  .array(EscalationPolicy)
  .refine((policies) => new Set(policies.map((policy) => policy.severity)).size === Severity.options.length, {
    message: "each severity needs exactly one policy",
  })
  .refine((policies) => policies.length === Severity.options.length, {
    message: "each severity needs exactly one policy",
  });

export interface ScheduledStep {
  /** Position in the whole sequence, repeats included. */
  readonly cursor: number;
  /** Position within the policy. */
  readonly index: number;
  readonly round: number;
  readonly offsetMs: number;
  readonly role: string;
  readonly recipients: readonly string[];
  readonly channels: readonly string[];
}

/** The whole sequence of a policy with its repeats, as offsets from the start of the escalation. */
export function scheduleOf(policy: EscalationPolicy): readonly ScheduledStep[] {
  const lastMinutes = policy.steps.at(-1)?.after_minutes ?? 0;
  const roundMs = (lastMinutes + policy.repeat.wait_minutes) * MINUTE_MS;
  return Array.from({ length: policy.repeat.count + 1 }, (_, round) =>
    policy.steps.map((step, index) => ({
      cursor: round * policy.steps.length + index,
      index,
      round,
      offsetMs: round * roundMs + step.after_minutes * MINUTE_MS,
      role: step.role,
      recipients: step.recipients,
      channels: step.channels,
    })),
  ).flat();
}
