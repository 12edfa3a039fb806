import type { ColumnPlan } from "./design/column-plan.ts";
import type { Skip } from "./design/columns.ts";
import { scatterColumn } from "./scatter.ts";
import { takeRows } from "./table-parts.ts";
import { type Row, tableRows } from "./table-rows.ts";
import type { ColumnData, RowRange, Table } from "./table.ts";

/** Rows in the making. `rows[at]` is the number, in the whole dataset, of the table's row `at`. */
export interface RowBatch {
  readonly table: Table;
  readonly rows: ArrayLike<number>;
  /** The rows as records; made when they are asked for first. */
  records(): readonly Row[];
}

/** A cell that could not be made; `row` counts within the batch. */
export interface CellFailure {
  readonly row: number;
  readonly kind: string;
  readonly message: string;
}

export interface StepResult {
  /** The column and those that come with it, each with a value for every row of the batch. */
  readonly columns: ReadonlyMap<string, ColumnData>;
  /** Rows that have to go because their cell failed. */
  readonly failures: readonly CellFailure[];
}

/** How one column is made of those before it. */
export interface ColumnStep {
  readonly name: string;
  run(batch: RowBatch): StepResult;
  /** Tells per row whether the cell is left out; absent when the column has no such condition. */
  readonly skipsRow?: (record: Row) => boolean;
  readonly skipValue: Skip["value"];
  /** Columns whose skipped cells make this cell skipped too. */
  readonly skipsWith: readonly string[];
}

/** A row that was dropped, with the column that could not be made; `row` is its number in the whole dataset. */
export interface RowFailure {
  readonly row: number;
  readonly column: string;
  readonly kind: string;
  readonly message: string;
}

export interface GeneratedRows {
  /** The surviving rows with the columns of the finished dataset. */
  readonly table: Table;
  /** Numbers of the surviving rows in the whole dataset. */
  readonly rows: ArrayLike<number>;
  /** Columns that the design generates and drops; no column when it drops none. */
  readonly dropped: Table;
  readonly failures: readonly RowFailure[];
}

export interface Generator {
  generateRows(range: RowRange): GeneratedRows;
}

export interface RowGeneratorOptions {
  readonly plan: Pick<ColumnPlan, "output" | "dropped">;
  /** Makers of whole groups of columns, in order: seed rows, then samplers. */
  readonly sources: readonly ((range: RowRange) => Table)[];
  /** The other columns, in the order of the plan. */
  readonly steps: readonly ColumnStep[];
}

/**
 * Makes any rows of a dataset. What a row holds depends on its number alone, never on the range it is made with; a row
 * one of whose cells fails is left out, with the reason in `failures`, and costs no further cell.
 */
export function createRowGenerator({ plan, sources, steps }: RowGeneratorOptions): Generator {
  return {
    generateRows: (range) => {
      const columns = new Map<string, ColumnData>();
      for (const source of sources) for (const [name, column] of source(range).columns) columns.set(name, column);
      let table: Table = { rowCount: range.rowCount, columns };
      let rows: ArrayLike<number> = Float64Array.from({ length: range.rowCount }, (_, at) => range.firstRow + at);
      let skipped = new Map<string, Uint8Array>();
      const failures: RowFailure[] = [];
      for (const step of steps) {
        const result = runStep(step, table, rows, skipped);
        table = { rowCount: table.rowCount, columns: new Map([...table.columns, ...result.columns]) };
        if (result.skipped !== undefined) skipped.set(step.name, result.skipped);
        if (result.failures.length === 0) continue;
        for (const { row, kind, message } of result.failures) {
          failures.push({ row: rows[row] ?? row, column: step.name, kind, message });
        }
        const failed = new Set(result.failures.map(({ row }) => row));
        const kept = Array.from({ length: table.rowCount }, (_, row) => row).filter((row) => !failed.has(row));
        table = takeRows(table, kept);
        rows = Float64Array.from(kept, (row) => rows[row] ?? row);
        skipped = new Map([...skipped].map(([name, mask]) => [name, Uint8Array.from(kept, (row) => mask[row] ?? 0)]));
      }
      return { table: pick(table, plan.output), dropped: pick(table, plan.dropped), rows, failures };
    },
  };
}

function runStep(
  step: ColumnStep,
  table: Table,
  rows: ArrayLike<number>,
  skipped: ReadonlyMap<string, Uint8Array>,
): StepResult & { readonly skipped?: Uint8Array } {
  const whole = batchOf(table, rows);
  const mask = skipMask(step, whole, skipped);
  if (mask === undefined) return step.run(whole);
  const active = Array.from(mask.keys()).filter((row) => mask[row] === 0);
  const part = batchOf(
    takeRows(table, active),
    Float64Array.from(active, (row) => rows[row] ?? row),
  );
  const result = step.run(part);
  const columns = new Map<string, ColumnData>();
  for (const [name, column] of result.columns) {
    // What comes with a column, such as its trace, is missing where the column was skipped.
    const fill = name === step.name ? step.skipValue : null;
    columns.set(name, scatterColumn({ column, rows: active, rowCount: table.rowCount, fill }));
  }
  const failures = result.failures.map((failure) => ({ ...failure, row: active[failure.row] ?? failure.row }));
  return { columns, failures, skipped: mask };
}

/** 1 for every row whose cell is skipped, undefined when none is and none could be. */
function skipMask(step: ColumnStep, batch: RowBatch, skipped: ReadonlyMap<string, Uint8Array>): Uint8Array | undefined {
  const masks = step.skipsWith.flatMap((name) => skipped.get(name) ?? []);
  const { skipsRow } = step;
  if (skipsRow === undefined && masks.length === 0) return undefined;
  const mask = new Uint8Array(batch.table.rowCount);
  for (const other of masks) for (const [row, flag] of other.entries()) if (flag === 1) mask[row] = 1;
  if (skipsRow !== undefined) {
    for (const [row, record] of batch.records().entries()) if (mask[row] === 0 && skipsRow(record)) mask[row] = 1;
  }
  return mask;
}

function batchOf(table: Table, rows: ArrayLike<number>): RowBatch {
  let records: readonly Row[] | undefined;
  return { table, rows, records: () => (records ??= tableRows(table)) };
}

function pick(table: Table, names: readonly string[]): Table {
  const columns = new Map<string, ColumnData>();
  for (const name of names) {
    const column = table.columns.get(name);
    if (column !== undefined) columns.set(name, column);
  }
  return { rowCount: table.rowCount, columns };
}
