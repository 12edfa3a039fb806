import type { ColumnPlan } from "../design/column-plan.ts";
import type { LlmColumn } from "../design/design.ts";
import { mediaParts } from "../llm/media.ts";
import { columnFromValues } from "../table-rows.ts";
import type { ColumnData, JsonValue } from "../table.ts";
import { compileSkip, compileTemplate } from "../template/template.ts";
import type { CellColumn, ModelCells } from "./model-cells.ts";
import type { BlockStep } from "./step.ts";

export interface ModelBlockOptions {
  /** In the order of the plan. */
  readonly columns: readonly LlmColumn[];
  readonly plan: Pick<ColumnPlan, "upstream" | "sideEffects">;
  readonly models: ModelCells;
}

/** Model columns that wait for nothing but each other, asked for cell by cell. Throws `invalid_input` for a template that is none. */
export function compileModelBlock({ columns, plan, models }: ModelBlockOptions): BlockStep {
  const names = columns.map(({ name }) => name);
  const cells = columns.map((column) => compileCells(column, names, plan));
  return {
    names,
    runBlock: async (batch, { skipped, signal }) => {
      const records = batch.records();
      const filled = await models.fillCells({
        records,
        rows: batch.rows,
        columns: cells,
        skipped,
        ...(signal === undefined ? {} : { signal }),
      });
      const made = new Map<string, ColumnData>();
      for (const column of columns) {
        const cellsOf = (name: string): JsonValue[] =>
          (filled.values.get(name) ?? records.map(() => null)).map((value) => value ?? null);
        made.set(column.name, toColumn(cellsOf(column.name), isTextColumn(column)));
        for (const name of plan.sideEffects.get(column.name) ?? []) {
          made.set(name, toColumn(cellsOf(name), name.endsWith("__reasoning_content")));
        }
      }
      // A row goes once, for the cell that failed; those that needed it are no further reasons.
      const failures = filled.failures
        .filter(({ kind }) => kind !== "upstream")
        .map(({ row, column, kind, message }) => ({
          row,
          column,
          kind: kind === "template" ? "PromptRenderError" : kind,
          message,
        }));
      return { columns: made, skipped: filled.skipped, failures };
    },
  };
}

/** The type follows from the design, not from the answers: all row groups must agree. */
function toColumn(values: readonly JsonValue[], isText: boolean): ColumnData {
  return isText ? columnFromValues(values) : { type: "json", values };
}

function isTextColumn({ column_type: type, skip }: LlmColumn): boolean {
  const isText = type === "llm-text" || type === "llm-code";
  return isText && (skip === null || skip.value === null || typeof skip.value === "string");
}

function compileCells(column: LlmColumn, block: readonly string[], plan: ModelBlockOptions["plan"]): CellColumn {
  const prompt = compileTemplate(column.prompt);
  const system = column.system_prompt === null ? undefined : compileTemplate(column.system_prompt);
  const upstream = plan.upstream.get(column.name) ?? [];
  const skipsWith = column.propagate_skip ? upstream : [];
  const skipsRow = column.skip === null ? undefined : compileSkip(column.skip.when);
  return {
    column,
    alias: column.model_alias,
    dependsOn: upstream.filter((name) => block.includes(name)),
    render: (record) => ({
      prompt: prompt.render(record),
      ...(system === undefined ? {} : { systemPrompt: system.render(record) }),
      media: mediaParts(column.multi_modal_context, record),
    }),
    isSkipped: (record, wasSkipped) => skipsWith.some(wasSkipped) || skipsRow?.(record) === true,
    skipValue: column.skip?.value ?? null,
  };
}
