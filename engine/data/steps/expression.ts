import type { ColumnOf } from "../design/design.ts";
import { compileExpression } from "../template/expression.ts";
import type { ColumnStep } from "./step.ts";

/** A column computed from a template and cast to its type; a row whose text cannot be cast fails. */
export function compileExpressionRun({ name, expr, dtype }: ColumnOf<"expression">): ColumnStep["run"] {
  const compute = compileExpression({ expr, dtype });
  return ({ table }) => {
    const { column, dropped } = compute(table, table.rowCount);
    return { columns: new Map([[name, column]]), failures: dropped };
  };
}
