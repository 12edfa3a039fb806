import { ServiceError, errorMessage } from "../../lib/errors.ts";
import type { ColumnPlan } from "./design/column-plan.ts";
import type { Column, ColumnOf, LlmColumn } from "./design/design.ts";
import type { CellFailure, ColumnStep, RowBatch, StepResult } from "./row-generator.ts";
import { columnFromValues } from "./table-rows.ts";
import type { ColumnData, JsonValue } from "./table.ts";
import { compileExpression } from "./template/expression.ts";
import { compileSkip, compileTemplate } from "./template/template.ts";
import type { OfflineText } from "./text/offline-text.ts";

export interface StepOptions {
  readonly plan: Pick<ColumnPlan, "upstream" | "sideEffects">;
  /** Writes the columns of models. */
  readonly textModel: OfflineText;
}

/**
 * How each column that is neither sampled nor read is made. Throws `invalid_input` when a template of the column is
 * none, and `not_supported` for a type that this engine cannot make.
 */
export function compileColumnStep(column: Column, { plan, textModel }: StepOptions): ColumnStep {
  const { skip } = column;
  return {
    name: column.name,
    run: compileRun(column, plan.sideEffects.get(column.name) ?? [], textModel),
    skipValue: skip?.value ?? null,
    skipsWith: column.propagate_skip ? (plan.upstream.get(column.name) ?? []) : [],
    ...(skip === null ? {} : { skipsRow: compileSkip(skip.when) }),
  };
}

function compileRun(
  column: Column,
  sideEffects: readonly string[],
  textModel: OfflineText,
): (batch: RowBatch) => StepResult {
  switch (column.column_type) {
    case "expression":
      return compileExpressionRun(column);
    case "llm-text":
    case "llm-code":
    case "llm-structured":
    case "llm-judge":
      return compileTextRun(column, sideEffects, textModel);
    case "validation":
    case "embedding":
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

function compileExpressionRun({ name, expr, dtype }: ColumnOf<"expression">): (batch: RowBatch) => StepResult {
  const compute = compileExpression({ expr, dtype });
  return ({ table }) => {
    const { column, dropped } = compute(table, table.rowCount);
    return { columns: new Map([[name, column]]), failures: dropped };
  };
}

function compileTextRun(
  column: LlmColumn,
  sideEffects: readonly string[],
  textModel: OfflineText,
): (batch: RowBatch) => StepResult {
  const prompt = compileTemplate(column.prompt);
  const isText = column.column_type === "llm-text" || column.column_type === "llm-code";
  return (batch) => {
    const failures: CellFailure[] = [];
    const values = batch.records().map((record, row): JsonValue => {
      try {
        return textModel.generate({ column, prompt: prompt.render(record), record, row: batch.rows[row] ?? row });
      } catch (error) {
        // A column that cannot be written at all fails the job; a prompt that fails on this record costs the row.
        if (!(error instanceof ServiceError) || error.code !== "invalid_input") throw error;
        failures.push({ row, kind: "PromptRenderError", message: errorMessage(error) });
        return null;
      }
    });
    const made = new Map<string, ColumnData>([
      [column.name, isText ? columnFromValues(values) : { type: "json", values }],
    ]);
    // The offline text model exchanges no messages and does not reason: there is nothing to keep beside its text.
    for (const name of sideEffects) made.set(name, columnFromValues(values.map(() => null)));
    return { columns: made, failures };
  };
}
