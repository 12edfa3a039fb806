import type { Table } from "../../../engine/data/table.ts";
import { compileCellText } from "./cell-text.ts";

/** JSON Lines: one object a row with the columns in order, every line ended by a line feed. */
export function encodeJsonl(table: Table): string {
  const cells = [...table.columns].map(([name, column], at) => ({
    key: `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`,
    text: compileCellText(column, { quote: (text) => JSON.stringify(text), missing: "null" }),
  }));
  const lines: string[] = [];
  for (let row = 0; row < table.rowCount; row += 1) {
    let line = cells.length === 0 ? "{" : "";
    for (const { key, text } of cells) line += key + text(row);
    lines.push(`${line}}\n`);
  }
  return lines.join("");
}
