import { ServiceError } from "../../lib/errors.ts";
import type { ColumnPlan } from "./design/column-plan.ts";
import type { Column } from "./design/design.ts";
import { type EmbeddingModels, compileEmbeddingRun } from "./steps/embedding.ts";
import { compileExpressionRun } from "./steps/expression.ts";
import { compileOfflineModelRun } from "./steps/offline-model.ts";
import type { ColumnStep } from "./steps/step.ts";
import { type ValidationOptions, compileValidationRun } from "./steps/validation.ts";
import { compileSkip } from "./template/template.ts";
import type { OfflineText } from "./text/offline-text.ts";

export interface StepOptions {
  readonly plan: Pick<ColumnPlan, "upstream" | "sideEffects">;
  /** Writes the columns of models when no model is configured. */
  readonly textModel: OfflineText | undefined;
  readonly validation: ValidationOptions;
  /** Undefined when the design has no embedding column, or nothing can embed. */
  readonly embeddings: EmbeddingModels | undefined;
}

/**
 * How each column that is neither sampled nor read is made. Throws `invalid_input` when a template of the column is
 * none, and `not_supported` for a type that this engine cannot make.
 */
export function compileColumnStep(column: Column, options: StepOptions): ColumnStep {
  const { skip } = column;
  return {
    name: column.name,
    run: compileRun(column, options),
    skipValue: skip?.value ?? null,
    skipsWith: column.propagate_skip ? (options.plan.upstream.get(column.name) ?? []) : [],
    ...(skip === null ? {} : { skipsRow: compileSkip(skip.when) }),
  };
}

function compileRun(column: Column, { plan, textModel, validation, embeddings }: StepOptions): ColumnStep["run"] {
  switch (column.column_type) {
    case "expression":
      return compileExpressionRun(column);
    case "llm-text":
    case "llm-code":
    case "llm-structured":
    case "llm-judge":
      if (textModel === undefined) throw new Error(`nobody writes column "${column.name}"`);
      return compileOfflineModelRun({ column, sideEffects: plan.sideEffects.get(column.name) ?? [], textModel });
    case "validation":
      return compileValidationRun(column, validation);
    case "embedding":
      return compileEmbeddingRun(column, embeddings);
    case "image":
    case "custom":
      throw new ServiceError(
        "not_supported",
        `column "${column.name}": the built-in engine makes no ${column.column_type} columns; remove the column or use a NeMo Data Designer service`,
      );
    case "sampler":
    case "seed-dataset":
      throw new Error(`column "${column.name}" is made with its group`);
  }
}
