import type { Table } from "../../../engine/data/table.ts";
import { compileCellText } from "./cell-text.ts";

/** Quoted only where it has to be; the empty text is `""`, so that it can be told from a missing value. */
function quote(text: string): string {
  if (text === "") return '""';
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** CSV as RFC 4180 has it, with line feeds; a missing value is an empty field. `encodeCsvHeader` comes once, before. */
export function encodeCsv(table: Table): string {
  const cells = [...table.columns.values()].map((column) => compileCellText(column, { quote, missing: "" }));
  const lines: string[] = [];
  for (let row = 0; row < table.rowCount; row += 1) {
    let line = "";
    for (const [at, text] of cells.entries()) line += at === 0 ? text(row) : `,${text(row)}`;
    lines.push(`${line}\n`);
  }
  return lines.join("");
}

export function encodeCsvHeader(names: Iterable<string>): string {
  return `${[...names].map(quote).join(",")}\n`;
}
