import { sideColumns } from "../../../engine/data/llm/conversation.ts";
import type { JsonValue } from "../../../engine/data/table.ts";
import {
  type CellColumn,
  type CellFailure,
  type CellFailureKind,
  type CellRecord,
  type CellRun,
  type ColumnUsage,
  emptyUsage,
} from "./cells.ts";

export interface CellProgress {
  readonly column: string;
  readonly settled: number;
  readonly failed: number;
  readonly total: number;
}

export interface CellBookOptions {
  readonly records: readonly CellRecord[];
  readonly firstRow: number;
  readonly columns: readonly CellColumn[];
  /** What earlier steps skipped: column to a mask over the records. */
  readonly skipped?: ReadonlyMap<string, Uint8Array>;
  /** By column; several runs may add to the same figures. */
  readonly usage?: Map<string, ColumnUsage>;
  readonly onProgress?: (progress: CellProgress) => void;
}

/** What has become of every cell of a run. A cell is a number: row x columns + column. */
export class CellBook {
  readonly total: number;
  /** Cells with a value or a failure. */
  settled = 0;
  private readonly options: CellBookOptions;
  private readonly rows: Record<string, JsonValue>[];
  private readonly values: Map<string, (JsonValue | undefined)[]>;
  private readonly skipped: Map<string, Uint8Array>;
  private readonly usage: readonly ColumnUsage[];
  private readonly failures: CellFailure[] = [];
  /** Cells of the same row that must have a value before this one is asked for. */
  private readonly waitingFor: Uint8Array;
  private readonly isSettled: Uint8Array;
  private readonly dependents: readonly (readonly number[])[];

  constructor(options: CellBookOptions) {
    this.options = options;
    const { records, columns } = options;
    this.total = records.length * columns.length;
    // Without a prototype: a column may be named like anything.
    this.rows = records.map((record) => Object.assign(Object.create(null) as Record<string, JsonValue>, record));
    const names = columns.flatMap(({ column }) => [column.name, ...Object.keys(sideColumns(column, undefined))]);
    this.values = new Map(names.map((name) => [name, Array<JsonValue | undefined>(records.length)]));
    const usage = options.usage ?? new Map<string, ColumnUsage>();
    this.usage = columns.map(({ column }) => {
      const known = usage.get(column.name) ?? emptyUsage();
      usage.set(column.name, known);
      return known;
    });
    this.skipped = new Map(columns.map(({ column }) => [column.name, new Uint8Array(records.length)]));
    this.isSettled = new Uint8Array(this.total);
    this.dependents = columns.map(({ column }) =>
      columns.flatMap(({ dependsOn }, at) => (dependsOn.includes(column.name) ? [at] : [])),
    );
    const own = new Set(columns.map(({ column }) => column.name));
    const needed = columns.map(({ dependsOn }) => new Set(dependsOn.filter((name) => own.has(name))).size);
    this.waitingFor = Uint8Array.from({ length: this.total }, (_, cell) => needed[cell % columns.length] ?? 0);
  }

  columnOf(cell: number): CellColumn {
    const column = this.options.columns[cell % this.options.columns.length];
    if (column === undefined) throw new Error(`no column for cell ${cell}`);
    return column;
  }

  /** The row's values so far. */
  recordOf(cell: number): CellRecord {
    return this.rows[this.rowOf(cell)] ?? {};
  }

  usageOf(cell: number): ColumnUsage {
    const usage = this.usage[cell % this.options.columns.length];
    if (usage === undefined) throw new Error(`no usage for cell ${cell}`);
    return usage;
  }

  isOpen(cell: number): boolean {
    return this.isSettled[cell] === 0;
  }

  /** Whether the cell is left out, now that the cells it needs are there. */
  isSkipped(cell: number): boolean {
    const row = this.rowOf(cell);
    const wasSkipped = (name: string): boolean =>
      (this.skipped.get(name) ?? this.options.skipped?.get(name))?.[row] === 1;
    return this.columnOf(cell).isSkipped?.(this.recordOf(cell), wasSkipped) === true;
  }

  /** Stores a skipped cell; answers the cells that can be asked for now. */
  skip(cell: number): number[] {
    const { column, skipValue = null } = this.columnOf(cell);
    const mask = this.skipped.get(column.name);
    if (mask !== undefined) mask[this.rowOf(cell)] = 1;
    return this.succeed(cell, { ...sideColumns(column, undefined), [column.name]: skipValue });
  }

  /** Cells that wait for nothing. */
  initialCells(): number[] {
    return [...this.waitingFor.keys()].filter((cell) => this.waitingFor[cell] === 0);
  }

  openCells(): number[] {
    return [...this.isSettled.keys()].filter((cell) => this.isSettled[cell] === 0);
  }

  /** Cells of the row that need this one and are open. */
  dependentsOf(cell: number): number[] {
    const first = cell - (cell % this.options.columns.length);
    const columns = this.dependents[cell % this.options.columns.length] ?? [];
    return columns.map((column) => first + column).filter((next) => this.isSettled[next] === 0);
  }

  /** Stores a cell's value and side columns; answers the cells that can be asked for now. */
  succeed(cell: number, values: Readonly<Record<string, JsonValue>>): number[] {
    const row = this.rowOf(cell);
    for (const [name, value] of Object.entries(values)) {
      const column = this.values.get(name);
      if (column !== undefined) column[row] = value;
      const record = this.rows[row];
      if (record !== undefined) record[name] = value;
    }
    this.close(cell);
    return this.dependentsOf(cell).filter((next) => {
      const waiting = (this.waitingFor[next] ?? 1) - 1;
      this.waitingFor[next] = waiting;
      return waiting === 0;
    });
  }

  fail(
    cell: number,
    failure: { readonly kind: CellFailureKind; readonly message: string; readonly requests: number },
  ): void {
    const row = this.options.firstRow + this.rowOf(cell);
    this.failures.push({ row, column: this.columnOf(cell).column.name, ...failure });
    this.close(cell);
  }

  private close(cell: number): void {
    this.isSettled[cell] = 1;
    this.settled += 1;
    this.options.onProgress?.({
      column: this.columnOf(cell).column.name,
      settled: this.settled,
      failed: this.failures.length,
      total: this.total,
    });
  }

  toRun(outcome: CellRun["outcome"], problem?: string): CellRun {
    const { columns } = this.options;
    const order = new Map(columns.map(({ column }, at) => [column.name, at]));
    const place = ({ row, column }: CellFailure): number => row * columns.length + (order.get(column) ?? 0);
    const failures = this.failures.toSorted((left, right) => place(left) - place(right));
    const usage = new Map(columns.map(({ column }, at) => [column.name, this.usage[at] ?? emptyUsage()]));
    return {
      outcome,
      ...(problem === undefined ? {} : { problem }),
      values: this.values,
      skipped: this.skipped,
      failures,
      usage,
    };
  }

  private rowOf(cell: number): number {
    return Math.floor(cell / this.options.columns.length);
  }
}
