import { ServiceError } from "../../../lib/errors.ts";
import { compileCells } from "../../../engine/data/table-rows.ts";
import type { Table } from "../../../engine/data/table.ts";
import { compileCellText } from "./cell-text.ts";

const MAX_NAMED = 20;

/**
 * The values of one column as lines of text, each ended by a line feed unless it ends with one; values of several lines stay several
 * lines, and missing values give none. Throws `invalid_input` for a column that the table does not have.
 */
export function encodeLines(table: Table, name: string): string {
  const column = table.columns.get(name);
  if (column === undefined) {
    const names = [...table.columns.keys()];
    const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "";
    throw new ServiceError(
      "invalid_input",
      `there is no column "${name}" in the dataset; columns are ${names.slice(0, MAX_NAMED).join(", ")}${more}`,
    );
  }
  const value = compileCells(column);
  const text = compileCellText(column, { quote: (written) => written, missing: "" });
  const lines: string[] = [];
  for (let row = 0; row < table.rowCount; row += 1) {
    if (value(row) === null) continue;
    const line = text(row);
    lines.push(line.endsWith("\n") ? line : `${line}\n`);
  }
  return lines.join("");
}
