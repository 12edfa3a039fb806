import { checkConstraints } from "./checks/constraints.ts";
import type { CheckContext } from "./checks/context.ts";
import { checkKinds } from "./checks/kinds.ts";
import { checkModels } from "./checks/models.ts";
import { checkNames } from "./checks/names.ts";
import { checkOutputs } from "./checks/outputs.ts";
import { checkReferences } from "./checks/references.ts";
import { checkSamplers } from "./checks/samplers.ts";
import type { Design } from "./design.ts";
import { planColumns } from "./plan.ts";
import type { Violation } from "./violation.ts";

export interface CheckOptions {
  /** Columns of the seed dataset; left out when they are not known. */
  readonly seedColumns?: readonly string[];
  /** Names of columns whose shape could not be read. */
  readonly brokenNames?: readonly string[];
  /** The seed config is there but could not be read. */
  readonly isSeedBroken?: boolean;
}

/** Runs every check, in the order in which a reader fixes a design; errors before warnings. Never throws. */
export function checkDesign(design: Design, options: CheckOptions): Violation[] {
  const { seedColumns, brokenNames = [], isSeedBroken = false } = options;
  const hasSeed = design.seed_config !== null || isSeedBroken;
  const context: CheckContext = {
    design,
    plan: planColumns(design, seedColumns === undefined ? {} : { seedColumns }),
    brokenNames: new Set(brokenNames),
    seed: seedColumns !== undefined ? "known" : hasSeed ? "unknown" : "none",
  };
  const violations = [
    ...checkNames(context, seedColumns ?? []),
    ...checkKinds(context, seedColumns),
    ...checkReferences(context),
    ...context.plan.violations,
    ...checkSamplers(context),
    ...checkConstraints(context),
    ...checkModels(context),
    ...checkOutputs(context),
  ];
  return violations.toSorted((left, right) => rank(left) - rank(right));
}

function rank(violation: Violation): number {
  return violation.level === "error" ? 0 : 1;
}
