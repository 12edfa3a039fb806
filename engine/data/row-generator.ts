import type { ColumnPlan } from "./design/column-plan.ts";
import { scatterColumn } from "./scatter.ts";
import type { BlockResult, ColumnStep, RowBatch, Step, StepContext } from "./steps/step.ts";
import { takeRows } from "./table-parts.ts";
import { type Row, tableRows } from "./table-rows.ts";
import type { ColumnData, RowRange, Table } from "./table.ts";

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

export interface RowGenerator {
  /** Rejects with the signal's reason when it aborts while a step waits. */
  generateRows(range: RowRange, context?: StepContext): Promise<GeneratedRows>;
}

export interface RowGeneratorOptions {
  readonly plan: Pick<ColumnPlan, "output" | "dropped">;
  /** Makers of whole groups of columns, in order: seed rows, then samplers. */
  readonly sources: readonly ((range: RowRange) => Table)[];
  /** The other columns, in the order of the plan. */
  readonly steps: readonly Step[];
}

/**
 * Makes any rows of a dataset. What a row holds depends on its number alone, never on the range it is made with; a row
 * one of whose cells fails is left out, with the reason in `failures`, and costs no further cell.
 */
export function createRowGenerator({ plan, sources, steps }: RowGeneratorOptions): RowGenerator {
  return {
    generateRows: async (range, context = {}) => {
      let columns = new Map<string, ColumnData>();
      for (const source of sources) for (const [name, column] of source(range).columns) columns.set(name, column);
      let table: Table = { rowCount: range.rowCount, columns };
      let rows: ArrayLike<number> = Float64Array.from({ length: range.rowCount }, (_, at) => range.firstRow + at);
      let skipped = new Map<string, Uint8Array>();
      const failures: RowFailure[] = [];
      for (const step of steps) {
        context.signal?.throwIfAborted();
        const result = await runStep(step, { table, rows, skipped, context });
        // Into the same map: a new one for each of thousands of columns takes seconds.
        for (const [name, column] of result.columns) columns.set(name, column);
        for (const [name, mask] of result.skipped) skipped.set(name, mask);
        if (result.failures.length === 0) continue;
        for (const failure of result.failures) failures.push({ ...failure, row: rows[failure.row] ?? failure.row });
        const failed = new Set(result.failures.map(({ row }) => row));
        const kept = Array.from({ length: table.rowCount }, (_, row) => row).filter((row) => !failed.has(row));
        columns = new Map(takeRows(table, kept).columns);
        table = { rowCount: kept.length, columns };
        rows = Float64Array.from(kept, (row) => rows[row] ?? row);
        skipped = new Map([...skipped].map(([name, mask]) => [name, Uint8Array.from(kept, (row) => mask[row] ?? 0)]));
      }
      return { table: pick(table, plan.output), dropped: pick(table, plan.dropped), rows, failures };
    },
  };
}

interface StepInput {
  readonly table: Table;
  readonly rows: ArrayLike<number>;
  readonly skipped: ReadonlyMap<string, Uint8Array>;
  readonly context: StepContext;
}

async function runStep(step: Step, { table, rows, skipped, context }: StepInput): Promise<BlockResult> {
  const whole = batchOf(table, rows);
  if ("names" in step) return step.runBlock(whole, { ...context, skipped });
  const mask = skipMask(step, whole, skipped);
  const column = step.name;
  if (mask === undefined) {
    const { columns, failures } = await step.run(whole, context);
    return { columns, skipped: new Map(), failures: failures.map((failure) => ({ column, ...failure })) };
  }
  const active = Array.from(mask.keys()).filter((row) => mask[row] === 0);
  const part = batchOf(
    takeRows(table, active),
    Float64Array.from(active, (row) => rows[row] ?? row),
  );
  const result = await step.run(part, context);
  const columns = new Map<string, ColumnData>();
  for (const [name, made] of result.columns) {
    // What comes with a column, such as its trace, is missing where the column was skipped.
    const fill = name === step.name ? step.skipValue : null;
    columns.set(name, scatterColumn({ column: made, rows: active, rowCount: table.rowCount, fill }));
  }
  const failures = result.failures.map((failure) => ({ column, ...failure, row: active[failure.row] ?? failure.row }));
  return { columns, failures, skipped: new Map([[column, mask]]) };
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
