import type { Skip } from "../design/columns.ts";
import type { Row } from "../table-rows.ts";
import type { ColumnData, Table } from "../table.ts";

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

export interface StepContext {
  /** Ends a step that waits; its promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
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
  /** A promise only where something outside is asked. */
  run(batch: RowBatch, context: StepContext): StepResult | Promise<StepResult>;
  /** Tells per row whether the cell is left out; absent when the column has no such condition. */
  readonly skipsRow?: (record: Row) => boolean;
  readonly skipValue: Skip["value"];
  /** Columns whose skipped cells make this cell skipped too. */
  readonly skipsWith: readonly string[];
}

export interface BlockContext extends StepContext {
  /** By column and row of the batch: 1 where an earlier step skipped the cell. */
  readonly skipped: ReadonlyMap<string, Uint8Array>;
}

export interface BlockResult {
  readonly columns: ReadonlyMap<string, ColumnData>;
  readonly skipped: ReadonlyMap<string, Uint8Array>;
  readonly failures: readonly (CellFailure & { readonly column: string })[];
}

/** How several columns are made together, each cell as soon as those it needs are there. It skips cells by itself. */
export interface BlockStep {
  readonly names: readonly string[];
  runBlock(batch: RowBatch, context: BlockContext): Promise<BlockResult>;
}

export type Step = ColumnStep | BlockStep;
