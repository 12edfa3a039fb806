import { z } from "zod";

/**
 * Everything that can be wrong with a design. The first group has the names of the original's validation; the others are
 * problems that it only meets while it generates, or not at all.
 */
export const VIOLATION_TYPES = [
  "all_columns_dropped",
  "code_column_missing",
  "code_column_not_code",
  "code_lang_mismatch",
  "expression_reference_missing",
  "f_string_syntax",
  "local_only_column",
  "invalid_column",
  "invalid_model_config",
  "invalid_reference",
  "prompt_without_references",
  "skip_reference_missing",
  "skip_on_sampler_seed",

  "unreadable_design",
  "unknown_field",
  "missing_field",
  "invalid_value",
  "unknown_column_type",
  "unknown_sampler_type",
  "unsupported_column",
  "invalid_name",
  "duplicate_name",
  "seed_column_collision",
  "side_effect_collision",
  "template_syntax",
  "cycle",
  "invalid_weights",
  "invalid_range",
  "subcategory_parent",
  "subcategory_keys",
  "timedelta_reference",
  "condition_reference_missing",
  "unsupported_distribution",
  "invalid_distribution_params",
  "unknown_locale",
  "invalid_convert_to",
  "constraint_reference_missing",
  "constraint_not_comparable",
  "constraint_impossible",
] as const;

export const Violation = z.object({
  type: z.enum(VIOLATION_TYPES),
  /** An error blocks generation, a warning does not. */
  level: z.enum(["error", "warning"]),
  /** Name of the column it is about, null for the design as a whole. */
  column: z.string().nullable(),
  /** What is wrong, with which value, and what would be right. */
  message: z.string(),
});
export type Violation = z.infer<typeof Violation>;
export type ViolationType = Violation["type"];

export function violationError(type: ViolationType, column: string | null, message: string): Violation {
  return { type, level: "error", column, message };
}

export function violationWarning(type: ViolationType, column: string | null, message: string): Violation {
  return { type, level: "warning", column, message };
}

const MAX_SHOWN_NAME = 200;

/** A column's name as messages have it; one that no column may have is cut. */
export function shownName(name: string): string {
  return name.length > MAX_SHOWN_NAME ? `${name.slice(0, MAX_SHOWN_NAME)}…` : name;
}

export function hasErrors(violations: readonly Violation[]): boolean {
  return violations.some((violation) => violation.level === "error");
}
