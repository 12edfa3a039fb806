import { planColumns } from "../../engine/data/design/plan.ts";
import { createGenerator } from "../../engine/data/generate.ts";
import { previewRows } from "../../engine/data/preview.ts";
import { buildProfile } from "../../engine/data/profile/profile.ts";
import { summarizeTable } from "../../engine/data/profile/summary.ts";
import { type Row, tableRows } from "../../engine/data/table-rows.ts";
import type { JsonValue } from "../../engine/data/table.ts";
import type { CommandContext, GlobalOptions } from "../context.ts";
import { loadRunnableDesign } from "../dataset-design.ts";
import type { ExitName } from "../exit-codes.ts";
import { table } from "../table.ts";
import { type Terminal, jsonText, printable } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly rows: number;
  readonly seed: string;
}

const MAX_CELL = 24;

/** Shows the first rows of a dataset: all of them as a table, the first one in full. */
export async function run({ terminal }: CommandContext, file: string, options: Options): Promise<ExitName> {
  const { name, design, seedRows, violations } = await loadRunnableDesign(file, terminal);
  const plan = planColumns(design, seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] });
  const { seed } = options;
  const generator = await createGenerator({ design, plan, seed, ...(seedRows === undefined ? {} : { seedRows }) });
  const preview = previewRows(generator, options.rows);
  const records = tableRows(preview.table);
  if (options.json) {
    const profile = buildProfile({
      design,
      summary: summarizeTable(preview.table, 0),
      columnNames: plan.output,
      sideEffectColumns: [...plan.sideEffects.values()].flat(),
      targetNumRecords: options.rows,
    });
    terminal.out(jsonText("dataset_preview", { name, seed, records, failures: preview.failures, violations, profile }));
    return "ok";
  }
  terminal.out(rowsText(records, plan.output, terminal));
  const [first] = records;
  if (first !== undefined) terminal.out(`\n${recordText(first, terminal)}`);
  const { length: dropped } = preview.failures;
  if (dropped > 0) terminal.complain(`${dropped} rows were dropped; --json names them`);
  return "ok";
}

/** As many columns as fit; the record below has all of them. */
function rowsText(records: readonly Row[], names: readonly string[], terminal: Terminal): string {
  const shown: string[] = [];
  let width = 0;
  for (const name of names) {
    const cells = records.map((record) => cellText(record[name] ?? null).length);
    width += Math.max(name.length, ...cells) + 2;
    if (shown.length > 0 && width > terminal.columns) break;
    shown.push(name);
  }
  const columns = shown.map((name) => ({ title: name, value: (record: Row) => cellText(record[name] ?? null) }));
  const text = table(records, columns, terminal.columns);
  const left = names.slice(shown.length);
  return left.length === 0 ? text : `${text}\n(and ${left.length} more columns: ${left.join(", ")})`;
}

function recordText(record: Row, terminal: Terminal): string {
  const width = Math.max(...Object.keys(record).map((name) => name.length));
  return Object.entries(record)
    .map(([name, value]) => `${terminal.style("bold", name.padEnd(width))}  ${printable(fullText(value))}`)
    .join("\n");
}

function fullText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function cellText(value: JsonValue): string {
  const text = value === null ? "" : fullText(value);
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text;
}
