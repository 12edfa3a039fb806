import { z } from "zod";

import { ServiceError } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/random.ts";
import file from "../../../seeds/gpu-scenarios.json" with { type: "json" };
import { Action, Severity, Verdict } from "../vocabulary.ts";

const ModelName = z.enum(["H100", "A100", "B200", "T4"]);
export type ModelName = z.infer<typeof ModelName>;

const answer = {
  name: z.string(),
  verdict: Verdict,
  first_action: Action,
  severity: Severity,
  should_alert: z.boolean(),
  description: z.string(),
  model: ModelName.optional(),
};

const Row = z.object({
  ...answer,
  weight: z.number().min(0).max(1),
  signals: z.array(z.string()),
  origin: z.string(),
  variants: z.array(z.object(answer)),
});
type Row = z.infer<typeof Row>;

/** What a simulated node has, and what a correct assessment of it says. */
export interface Scenario {
  readonly name: string;
  /** Absent for the base form. */
  readonly variant?: string;
  /** Share of random draws; 0 is reachable by name only. */
  readonly weight: number;
  readonly verdict: Verdict;
  readonly firstAction: Action;
  readonly severity: Severity;
  readonly shouldAlert: boolean;
  readonly description: string;
  /** The GPU the scenario needs; absent means any. */
  readonly model?: ModelName;
}

const rows: readonly Row[] = z.array(Row).parse(file.scenarios);

/** The base forms, in the order of the seed file: seven with a weight, then thirteen extras. */
export const SCENARIOS: readonly Scenario[] = rows.map((row) => toScenario(row, row));

/** Every variant of every scenario; never drawn at random. */
export const SCENARIO_VARIANTS: readonly Scenario[] = rows.flatMap((row) =>
  row.variants.map((variant) => ({ ...toScenario(row, variant), variant: variant.name, weight: 0 })),
);

function toScenario(row: Row, form: Row | Row["variants"][number]): Scenario {
  return {
    name: row.name,
    weight: row.weight,
    verdict: form.verdict,
    firstAction: form.first_action,
    severity: form.severity,
    shouldAlert: form.should_alert,
    description: form.description,
    model: form.model ?? row.model,
  };
}

/** Accepts `name` or `name:variant`. Throws ServiceError `invalid_input` with the known names. */
export function findScenario(text: string): Scenario {
  const [name, variant] = text.split(":");
  const found =
    variant === undefined
      ? SCENARIOS.find((scenario) => scenario.name === name)
      : SCENARIO_VARIANTS.find((scenario) => scenario.name === name && scenario.variant === variant);
  if (found !== undefined) return found;
  const known = [...SCENARIOS, ...SCENARIO_VARIANTS].map(scenarioLabel);
  throw new ServiceError("invalid_input", `no scenario "${text}"; there are ${known.join(", ")}`);
}

/** `name` or `name:variant`; `findScenario` reads it back. */
export function scenarioLabel(scenario: Scenario): string {
  return scenario.variant === undefined ? scenario.name : `${scenario.name}:${scenario.variant}`;
}

/** One draw by weight. */
export function drawScenario(random: Random): Scenario {
  const total = SCENARIOS.reduce((sum, scenario) => sum + scenario.weight, 0);
  let left = random() * total;
  const weighted = SCENARIOS.filter((scenario) => scenario.weight > 0);
  for (const scenario of weighted) {
    left -= scenario.weight;
    if (left < 0) return scenario;
  }
  return weighted.at(-1) ?? findScenario("healthy");
}
