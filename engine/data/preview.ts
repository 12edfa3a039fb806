import { ServiceError } from "../../lib/errors.ts";
import type { RowFailure, RowGenerator } from "./row-generator.ts";
import type { StepContext } from "./steps/step.ts";
import { concatTables } from "./table-parts.ts";
import type { Table } from "./table.ts";

/** Most rows a preview has; it is held in memory and shown to people. */
export const MAX_PREVIEW_ROWS = 1_000;
const MAX_ROUNDS = 20;

export interface Preview {
  readonly table: Table;
  /** Rows that were dropped on the way, for which others stand. */
  readonly failures: readonly RowFailure[];
}

/**
 * The first rows of the dataset, the same that a job with this seed begins with. Fewer than asked for when most rows are
 * dropped. Throws `invalid_input` for a count outside 1 to 1,000 and when no row can be made.
 */
export async function previewRows(
  generator: RowGenerator,
  rowCount: number,
  context: StepContext = {},
): Promise<Preview> {
  if (!Number.isSafeInteger(rowCount) || rowCount < 1 || rowCount > MAX_PREVIEW_ROWS) {
    throw new ServiceError("invalid_input", `${rowCount} rows: a preview has 1 to ${MAX_PREVIEW_ROWS}`);
  }
  const tables: Table[] = [];
  const failures: RowFailure[] = [];
  let made = 0;
  let survived = 0;
  for (let round = 0; round < MAX_ROUNDS && survived < rowCount; round += 1) {
    const missing = rowCount - survived;
    const rows = await generator.generateRows({ firstRow: made, rowCount: missing }, context);
    tables.push(rows.table);
    failures.push(...rows.failures);
    made += missing;
    survived += rows.table.rowCount;
  }
  const [first] = failures;
  if (survived === 0 && first !== undefined) {
    const why = `column "${first.column}": ${first.kind}: ${first.message}`;
    throw new ServiceError("invalid_input", `none of the first ${made} rows could be made; ${why}`);
  }
  return { table: concatTables(tables.filter((table) => table.rowCount > 0)), failures };
}
