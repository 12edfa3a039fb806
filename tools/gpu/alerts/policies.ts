import { type EscalationPolicy, EscalationPolicies } from "../../../engine/gpu/alerting/policy.ts";
import seeds from "../../../seeds/alert-policies.json" with { type: "json" };

/** The shipped policies. Throws when the file breaks the schema, so a bad edit fails at once. */
export function seedPolicies(): readonly EscalationPolicy[] {
  return EscalationPolicies.parse(seeds.policies);
}
