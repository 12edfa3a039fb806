import { ServiceError } from "../../../lib/errors.ts";
import { compileCells } from "../table-rows.ts";
import type { ColumnData, JsonValue } from "../table.ts";
import { compileCondition } from "../template/condition.ts";

export type Columns = ReadonlyMap<string, ColumnData>;

type RowTest = (row: number) => boolean;

/** A condition over columns of the group: given the columns, whether it holds in a row. */
export type Condition = (columns: Columns) => RowTest;

const COMPARISON =
  /^\s*(?<name>[A-Za-z_]\w*)\s*(?<sign>==|!=|<=|>=|<|>)\s*(?<literal>'[^'\\]*'|"[^"\\]*"|-?\d+(?:\.\d+)?)\s*$/;

/**
 * Compiles an expression without braces. One column compared with a literal is answered from the column's own array;
 * anything else is evaluated by the template engine, for which a row is made a record.
 */
export function compileRowCondition(source: string): Condition {
  const general = compileGeneral(source);
  const match = COMPARISON.exec(source);
  if (match === null) return general;
  const { name = "", sign = "", literal = "" } = match.groups ?? {};
  const isText = literal.startsWith("'") || literal.startsWith('"');
  const wanted = isText ? literal.slice(1, -1) : Number(literal);
  return (columns) => {
    const column = columns.get(name);
    const fast = column === undefined || column.isNull !== undefined ? undefined : compare(column, sign, wanted);
    return fast ?? general(columns);
  };
}

/** Undefined where the types differ: then Python's rules for mixed comparisons decide, which the engine knows. */
function compare(column: ColumnData, sign: string, wanted: string | number): RowTest | undefined {
  if (typeof wanted === "number") {
    if (column.type !== "int" && column.type !== "float") return undefined;
    const { values } = column;
    const test = NUMBER_TESTS[sign];
    return test === undefined ? undefined : test(values, wanted);
  }
  if (sign !== "==" && sign !== "!=") return undefined;
  const isEqual = sign === "==";
  if (column.type === "category") {
    const matches = column.values.map((value) => (value === wanted) === isEqual);
    return (row) => matches[column.codes[row] ?? -1] ?? false;
  }
  if (column.type === "text") return (row) => (column.values[row] === wanted) === isEqual;
  return undefined;
}

const NUMBER_TESTS: Readonly<Record<string, (values: Float64Array, wanted: number) => RowTest>> = {
  "==": (values, wanted) => (row) => values[row] === wanted,
  "!=": (values, wanted) => (row) => values[row] !== wanted,
  "<": (values, wanted) => (row) => (values[row] ?? Number.NaN) < wanted,
  "<=": (values, wanted) => (row) => (values[row] ?? Number.NaN) <= wanted,
  ">": (values, wanted) => (row) => (values[row] ?? Number.NaN) > wanted,
  ">=": (values, wanted) => (row) => (values[row] ?? Number.NaN) >= wanted,
};

/** Only the columns whose names stand in the source are put into the record. */
function compileGeneral(source: string): Condition {
  const holds = compileCondition(source);
  const words = new Set(source.match(/[\p{L}_][\p{L}\p{N}_]*/gu));
  return (columns) => {
    const cells = [...columns].flatMap(([name, column]) =>
      words.has(name) ? [{ name, cell: compileCells(column) }] : [],
    );
    return (row) => {
      const record = Object.create(null) as Record<string, JsonValue>; // An empty object: every key is set below.
      for (const { name, cell } of cells) record[name] = cell(row);
      try {
        return holds(record);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        throw new ServiceError(error.code, `condition "${source}": ${error.message}`, { cause: error });
      }
    };
  };
}

/**
 * Which parameters each row takes: 0 are the column's own, `k + 1` those of condition `k`. Conditions are applied in
 * order, so of several that hold the last one wins.
 */
export function pickVariants(conditions: readonly Condition[], columns: Columns, rowCount: number): Uint16Array {
  const variants = new Uint16Array(rowCount);
  for (const [index, condition] of conditions.entries()) {
    const holds = condition(columns);
    for (let row = 0; row < rowCount; row += 1) if (holds(row)) variants[row] = index + 1;
  }
  return variants;
}
