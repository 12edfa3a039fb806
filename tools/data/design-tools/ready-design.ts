import { hasErrors } from "../../../engine/data/design/violation.ts";
import type { Violation } from "../../../engine/data/design/violation.ts";
import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { DataToolContext } from "../context.ts";
import { checkDesign } from "./check-design.ts";
import { boundViolations } from "./design-tool.ts";

/** The warnings of a design that rows can be made from; else throws `invalid_input` with all that stands in the way. */
export function requireReady(draft: DesignDraft, context: DataToolContext): readonly Violation[] {
  const { violations, missing } = checkDesign(draft, context);
  const isEmpty = draft.config.columns.length === 0 && (draft.config.seed_config ?? null) === null;
  if (isEmpty) {
    throw new ServiceError("invalid_input", "the design has no columns yet; add some with the add_… tools first");
  }
  if (!hasErrors(violations)) return violations;
  const errors = violations.filter((violation) => violation.level === "error");
  const told = errors.slice(0, 3).map(({ column, message }) => (column === null ? message : `"${column}": ${message}`));
  const more = errors.length > told.length ? ` and ${errors.length - told.length} more` : "";
  throw new ServiceError("invalid_input", `the design has errors: ${told.join("; ")}${more}`, {
    data: { ...boundViolations(violations), missing },
  });
}
