import { planColumns } from "../../../../../engine/data/design/plan.ts";
import { readDesign } from "../../../../../engine/data/design/validate.ts";
import type { Violation } from "../../../../../engine/data/design/violation.ts";
import { createGenerator } from "../../../../../engine/data/generate.ts";
import type { RowFailure } from "../../../../../engine/data/row-generator.ts";
import { type Row, tableRows } from "../../../../../engine/data/table-rows.ts";

/** Rows of a design as users give it, with what was wrong with it; no rows when it cannot be generated from. */
export async function generateRows(
  input: unknown,
  rowCount: number,
): Promise<{ violations: readonly Violation[]; rows: Row[]; failures: readonly RowFailure[] }> {
  const { design, violations } = readDesign(input);
  if (design === undefined) return { violations, rows: [], failures: [] };
  const generator = await createGenerator({ design, plan: planColumns(design), seed: 7 });
  const { table, failures } = await generator.generateRows({ firstRow: 0, rowCount });
  return { violations, rows: tableRows(table), failures };
}

/** Without the note that the design names no model: which model writes is the user's choice. */
export function problemsOf(violations: readonly Violation[]): string[] {
  return violations.filter(({ type }) => type !== "invalid_model_config").map(({ message }) => message);
}
