import { table } from "./table.ts";
import { type Terminal, printable } from "./terminal.ts";

type DataRecord = Readonly<Record<string, unknown>>;

const MAX_CELL = 24;

/** Records as a table with as many columns as fit; what does not fit is named below it. */
export function rowsText(records: readonly DataRecord[], names: readonly string[], terminal: Terminal): string {
  const shown: string[] = [];
  let width = 0;
  for (const name of names) {
    const cells = records.map((record) => cellText(record[name]).length);
    width += Math.max(name.length, ...cells) + 2;
    if (shown.length > 0 && width > terminal.columns) break;
    shown.push(name);
  }
  const columns = shown.map((name) => ({ title: name, value: (record: DataRecord) => cellText(record[name]) }));
  const text = table(records, columns, terminal.columns);
  const left = names.slice(shown.length);
  return left.length === 0 ? text : `${text}\n(and ${left.length} more columns: ${left.join(", ")})`;
}

/** One record in full, a line for each column. */
export function recordText(record: DataRecord, terminal: Terminal): string {
  const width = Math.max(...Object.keys(record).map((name) => name.length));
  return Object.entries(record)
    .map(([name, value]) => `${terminal.style("bold", name.padEnd(width))}  ${printable(fullText(value))}`)
    .join("\n");
}

function fullText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function cellText(value: unknown): string {
  const text = value === null || value === undefined ? "" : fullText(value);
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text;
}
