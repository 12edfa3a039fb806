import type { ColumnData, Table } from "../engine/data/table.ts";
import { compileExpression, type ExpressionType } from "../engine/data/template/expression.ts";
import { compileCondition, compileTemplate } from "../engine/data/template/template.ts";
import { type BenchRow, median } from "./row.ts";

const RENDERS = 200_000;
const ROWS = 200_000;
const REPETITIONS = 9;

/** Compiled templates: one record at a time, and expression columns over a table. */
export async function benchTemplates(): Promise<BenchRow[]> {
  return [
    measureRender("{{ category | upper }}-{{ order_id }}", "simple render", ">= 1,000,000 renders/s"),
    measureRender(
      "{% if qty > 2 %}{{ name | title }}: {{ '%.2f' % (price * qty) }}{% else %}none{% endif %}",
      "render with if and format",
    ),
    measureCondition("category == 'Books' and price > 20"),
    measureColumn("{{ price * qty * (1 - discount) }}", "float"),
    measureColumn("{{ (price * qty) | round(2) }}", "float"),
    measureColumn("{{ category | upper }}-{{ order_id }}", "str"),
    measureColumn("{{ category }} {{ name.split(' ')[0] }}", "str"),
  ];
}

const CATEGORIES = ["Books", "Toys", "Garden", "Music"];

function record(row: number) {
  return {
    category: CATEGORIES[row % 4] ?? "",
    order_id: `ord${row}`,
    qty: row % 5,
    price: 20.25 + (row % 100) / 3,
    name: "ann lee",
  };
}

function measureRender(source: string, what: string, budget?: string): BenchRow {
  const template = compileTemplate(source);
  const records = Array.from({ length: 1_000 }, (_, row) => record(row));
  return measure(`${what}: ${source}`, "renders/s", RENDERS, budget, () => {
    let characters = 0;
    for (let turn = 0; turn < RENDERS / records.length; turn++) {
      for (const one of records) characters += template.render(one).length;
    }
    return characters;
  });
}

function measureCondition(source: string): BenchRow {
  const holds = compileCondition(source);
  const records = Array.from({ length: 1_000 }, (_, row) => record(row));
  return measure(`condition: ${source}`, "records/s", RENDERS, undefined, () => {
    let count = 0;
    for (let turn = 0; turn < RENDERS / records.length; turn++) for (const one of records) if (holds(one)) count++;
    return count;
  });
}

function measureColumn(expr: string, dtype: ExpressionType): BenchRow {
  const table = makeTable();
  const run = compileExpression({ expr, dtype });
  return measure(`${dtype} column: ${expr}`, "rows/s", ROWS, undefined, () => {
    const { dropped } = run(table, ROWS);
    if (dropped.length > 0) throw new Error("rows were dropped");
    return ROWS;
  });
}

function makeTable(): Table {
  const rows = Array.from({ length: ROWS }, (_, row) => record(row));
  const columns = new Map<string, ColumnData>([
    ["category", { type: "category", codes: Int32Array.from(rows, (_, row) => row % 4), values: CATEGORIES }],
    ["order_id", { type: "text", values: rows.map((row) => row.order_id) }],
    ["name", { type: "text", values: rows.map((row) => row.name) }],
    ["qty", { type: "int", values: Float64Array.from(rows, (row) => row.qty) }],
    ["price", { type: "float", values: Float64Array.from(rows, (row) => row.price) }],
    ["discount", { type: "float", values: Float64Array.from(rows, (_, row) => (row % 7) / 10) }],
  ]);
  return { rowCount: ROWS, columns };
}

function measure(what: string, unit: string, count: number, budget: string | undefined, run: () => number): BenchRow {
  for (let turn = 0; turn < 3; turn++) if (run() === 0) throw new Error("nothing was rendered");
  const rates: number[] = [];
  for (let turn = 0; turn < REPETITIONS; turn++) {
    const start = performance.now();
    run();
    rates.push((count * 1_000) / (performance.now() - start));
  }
  const row = { what, size: `${count}, median of ${REPETITIONS}`, figure: Math.round(median(rates)), unit };
  return budget === undefined ? row : { ...row, budget };
}
