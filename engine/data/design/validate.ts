import { checkDesign } from "./check-design.ts";
import type { PlanOptions } from "./column-plan.ts";
import type { Design } from "./design.ts";
import { parseDesign } from "./parse-design.ts";
import type { ParsedDesign } from "./parse-design.ts";
import { hasErrors } from "./violation.ts";
import type { Violation } from "./violation.ts";

/**
 * Everything that is wrong with a design whose shape is right, errors first; empty when nothing is. Without
 * `seedColumns` a name that may be in the seed dataset is a warning only. Never throws.
 */
export function validateDesign(design: Design, options: PlanOptions = {}): readonly Violation[] {
  return checkDesign(design, options);
}

/** `parseDesign` and `validateDesign` in one: `design` is there only when it can be generated from. */
export function readDesign(input: unknown, options: PlanOptions = {}): ParsedDesign {
  const { design, violations } = parseDesign(input);
  if (design === undefined) return { design, violations };
  const found = validateDesign(design, options);
  return { design: hasErrors(found) ? undefined : design, violations: found };
}
