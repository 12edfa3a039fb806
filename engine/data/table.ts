/**
 * Data column by column. A value that is missing is marked in `isNull` (1 is missing); what stands in `values` there
 * means nothing. All columns of a table have `rowCount` values.
 */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

interface Nullable {
  readonly isNull?: Uint8Array;
}

/** Whole numbers; exact up to 2^53. */
export interface IntColumn extends Nullable {
  readonly type: "int";
  readonly values: Float64Array;
}

export interface FloatColumn extends Nullable {
  readonly type: "float";
  readonly values: Float64Array;
}

export interface BoolColumn extends Nullable {
  readonly type: "bool";
  readonly values: Uint8Array;
}

export interface TextColumn extends Nullable {
  readonly type: "text";
  readonly values: readonly string[];
}

/** Text with few distinct values: `values[codes[row]]`. */
export interface CategoryColumn extends Nullable {
  readonly type: "category";
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

/** Points in time as Unix seconds (UTC); `format` is the strftime pattern that the finished dataset shows. */
export interface TimeColumn extends Nullable {
  readonly type: "time";
  readonly seconds: Float64Array;
  readonly format: string;
}

/** Objects, lists and mixed values. */
export interface JsonColumn extends Nullable {
  readonly type: "json";
  readonly values: readonly JsonValue[];
}

export type ColumnData = IntColumn | FloatColumn | BoolColumn | TextColumn | CategoryColumn | TimeColumn | JsonColumn;

export interface Table {
  readonly rowCount: number;
  /** In the order of the dataset. */
  readonly columns: ReadonlyMap<string, ColumnData>;
}

/** Rows `firstRow` to `firstRow + rowCount - 1` of the whole dataset, 0-based. */
export interface RowRange {
  readonly firstRow: number;
  readonly rowCount: number;
}
