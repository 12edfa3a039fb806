import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import type { LlmColumn } from "../design/design.ts";
import { columnFromValues } from "../table-rows.ts";
import type { ColumnData, JsonValue } from "../table.ts";
import { compileTemplate } from "../template/template.ts";
import type { OfflineText } from "../text/offline-text.ts";
import type { CellFailure, ColumnStep } from "./step.ts";

export interface OfflineModelOptions {
  readonly column: LlmColumn;
  /** Columns that come with it, such as its trace. */
  readonly sideEffects: readonly string[];
  readonly textModel: OfflineText;
}

/** A model column written by the built-in text model, row by row. */
export function compileOfflineModelRun({ column, sideEffects, textModel }: OfflineModelOptions): ColumnStep["run"] {
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
