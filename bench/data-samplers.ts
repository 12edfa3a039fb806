import { parseDesign } from "../engine/data/design/parse-design.ts";
import { planColumns } from "../engine/data/design/plan.ts";
import { compileSamplers } from "../engine/data/samplers/compile-samplers.ts";
import { loadPersonLibrary } from "../engine/data/samplers/person-library.ts";
import type { RowRange, Table } from "../engine/data/table.ts";
import { compileExpression } from "../engine/data/template/expression.ts";
import { type BenchRow, median } from "./row.ts";

const ROWS = 200_000;
const PERSON_ROWS = 20_000;
const ROW_GROUP = 10_000;
const REPETITIONS = 7;

const KINDS = ["Books", "Toys", "Food", "Tools", "Garden"];

const sampler = (name: string, samplerType: string, params: object, rest: object = {}): object => ({
  column_type: "sampler",
  name,
  sampler_type: samplerType,
  params,
  ...rest,
});

/** The thirteen columns that sampler speed is compared with: eleven samplers and two expressions. */
export const THIRTEEN_COLUMNS = {
  columns: [
    sampler("order_id", "uuid", { prefix: "ORD-" }),
    sampler("category", "category", { values: KINDS, weights: [5, 3, 2, 1, 1] }),
    sampler("subcategory", "subcategory", {
      category: "category",
      values: Object.fromEntries(KINDS.map((kind) => [kind, ["A", "B", "C", "D"].map((part) => `${kind} ${part}`)])),
    }),
    sampler("list_price", "uniform", { low: 20, high: 200, decimal_places: 2 }),
    sampler("price", "gaussian", { mean: 80, stddev: 30, decimal_places: 2 }),
    sampler("qty", "poisson", { mean: 3 }),
    sampler("gift", "bernoulli", { p: 0.1 }),
    sampler("discount", "bernoulli_mixture", { p: 0.2, dist_name: "gamma", dist_params: { a: 2 } }),
    sampler("order_date", "datetime", { start: "2024-01-01", end: "2025-01-01", unit: "D" }),
    sampler("ship_date", "timedelta", { dt_min: 1, dt_max: 11, reference_column_name: "order_date", unit: "D" }),
    sampler(
      "tax",
      "uniform",
      { low: 0.15, high: 0.2 },
      { conditional_params: { "category == 'Books'": { low: 0.05, high: 0.07 } } },
    ),
    { column_type: "expression", name: "total", expr: "{{ price * qty * (1 + tax) }}", dtype: "float" },
    { column_type: "expression", name: "label", expr: "{{ category | upper }}-{{ order_id }}", dtype: "str" },
  ],
  constraints: [
    { target_column: "price", operator: "gt", rhs: 0 },
    { target_column: "price", operator: "le", rhs: "list_price" },
  ],
};

const PERSONS = { columns: [sampler("buyer", "person_from_faker", { locale: "en_US" })] };

/** Rows of samplers and expressions made in memory, in row groups, by one thread. */
export async function benchDataSamplers(): Promise<BenchRow[]> {
  return [
    {
      ...measure(await compile(THIRTEEN_COLUMNS), ROWS),
      what: "13-column design to columns in memory",
      budget: ">= 250,000 rows/s",
    },
    { ...measure(await compile(PERSONS), PERSON_ROWS), what: "persons in memory" },
  ];
}

async function compile(source: object): Promise<(range: RowRange) => number> {
  const { design, violations } = parseDesign(source);
  if (design === undefined || violations.length > 0)
    throw new Error(`the design is not valid: ${violations[0]?.message}`);
  const plan = planColumns(design);
  const samplers = compileSamplers({ design, plan, seed: 1, persons: await loadPersonLibrary(design) });
  const expressions = design.columns.flatMap((column) =>
    column.column_type === "expression" ? [{ name: column.name, run: compileExpression(column) }] : [],
  );
  return (range) => {
    let table: Table = samplers.generate(range);
    for (const { name, run } of expressions) {
      const { column } = run(table, range.rowCount);
      table = { rowCount: table.rowCount, columns: new Map([...table.columns, [name, column]]) };
    }
    return table.columns.size;
  };
}

function measure(generate: (range: RowRange) => number, rows: number): Omit<BenchRow, "what"> {
  const run = (): number => {
    const start = performance.now();
    for (let firstRow = 0; firstRow < rows; firstRow += ROW_GROUP) generate({ firstRow, rowCount: ROW_GROUP });
    return rows / ((performance.now() - start) / 1_000);
  };
  run();
  return {
    size: `${rows} rows in groups of ${ROW_GROUP}, one thread, median of ${REPETITIONS}`,
    figure: median(Array.from({ length: REPETITIONS }, run)),
    unit: "rows/s",
  };
}
