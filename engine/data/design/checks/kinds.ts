import type { Column } from "../design.ts";
import { violationError, violationWarning } from "../violation.ts";
import type { Violation } from "../violation.ts";
import type { CheckContext } from "./context.ts";

/** Columns that this engine does not generate, and designs that generate nothing. */
export function checkKinds(context: CheckContext, seedColumns: readonly string[] | undefined): Violation[] {
  const { design } = context;
  const violations = design.columns.flatMap((column) => checkKind(column, context, seedColumns));
  if (design.columns.length === 0 && context.brokenNames.size === 0 && design.seed_config === null) {
    const message = 'the design has no columns; add at least one to "columns", or a seed_config';
    violations.push(violationError("missing_field", null, message));
  }
  if (design.seed_config?.source.seed_type === "df") {
    const message =
      'a seed of type "df" lives in the memory of a Python process; save it as a file and use {"seed_type": "local", "path": …}';
    violations.push(violationError("unsupported_column", null, `seed_config: ${message}`));
  }
  return violations;
}

function checkKind(column: Column, context: CheckContext, seedColumns: readonly string[] | undefined): Violation[] {
  const { name } = column;
  switch (column.column_type) {
    case "image":
      return [
        unsupported(
          name,
          "image columns need an image model, which this engine does not call; describe the image in an llm-text column instead",
        ),
      ];
    case "custom":
      return [
        unsupported(
          name,
          `custom columns run a Python function ("${column.generator_function}") that is not part of the design; use an expression or an llm column instead`,
        ),
      ];
    case "validation":
      if (column.validator_type !== "local_callable") return [];
      return [
        violationError(
          "local_only_column",
          name,
          "a local_callable validator is a Python function that is not part of the design; use validator_type code or remote",
        ),
      ];
    case "seed-dataset":
      if (context.seed === "none") {
        return [violationError("invalid_column", name, 'a seed-dataset column needs a "seed_config" in the design')];
      }
      if (seedColumns !== undefined && !seedColumns.includes(name)) {
        const message = `the seed dataset has no column "${name}"; it has ${seedColumns.join(", ")}`;
        return [violationError("invalid_column", name, message)];
      }
      return [];
    case "sampler":
      return column.sampler_type === "person" && column.params.with_synthetic_personas
        ? [
            violationWarning(
              "unsupported_column",
              name,
              "with_synthetic_personas: personas come from the offline text model, not from the Nemotron-Personas datasets",
            ),
          ]
        : [];
    case "embedding":
    case "expression":
    case "llm-code":
    case "llm-judge":
    case "llm-structured":
    case "llm-text":
      return [];
  }
}

function unsupported(name: string, reason: string): Violation {
  return violationError("unsupported_column", name, reason);
}
