import { errorMessage, ServiceError } from "../../../lib/errors.ts";
import { compileCells } from "../table-rows.ts";
import type { ColumnData, JsonValue, Table } from "../table.ts";
import { cellValue } from "./cells.ts";
import { type Columnar, compileColumnar, isUndecided, numberText } from "./columnar.ts";
import { compileBody } from "./compile-body.ts";
import { Scope } from "./compile.ts";
import { failureKind, renderError, type RowFailureKind } from "./errors.ts";
import { explainEmpty } from "./explain-empty.ts";
import { parseFloatText } from "./filters.ts";
import { parseTemplate } from "./parse.ts";
import { checkKnown, type Random } from "./record.ts";
import { rowRandom } from "./row-random.ts";
import { Runtime } from "./runtime.ts";
import { MAX_OUTPUT, str } from "./text.ts";
import type { Value } from "./values.ts";

export type ExpressionType = "int" | "float" | "str" | "bool";

/** A row that has no value: `row` is its place in the table, from 0. */
export interface DroppedRow {
  readonly row: number;
  readonly kind: RowFailureKind;
  readonly message: string;
}

export interface ExpressionResult {
  /** Rows that were dropped are marked as missing. */
  readonly column: ColumnData;
  readonly dropped: readonly DroppedRow[];
}

/** Computes the column. `randomAt` gives the numbers for the filter `random` in a row; without it they follow from the row's content. */
export type ExpressionRun = (table: Table, rowCount: number, randomAt?: (row: number) => Random) => ExpressionResult;

/**
 * Compiles an expression column. Expressions over numbers and texts are computed column by column, all others row by
 * row with the same results. A row whose expression is empty, fails or cannot be cast is reported, not thrown.
 * Throws ServiceError `invalid_input` when the template is not accepted, the function throws it for an unknown name.
 */
export function compileExpression({
  expr,
  dtype,
}: {
  readonly expr: string;
  readonly dtype: ExpressionType;
}): ExpressionRun {
  const template = parseTemplate(expr);
  const { variables } = template;
  const body = compileBody(template.body, new Scope(variables));
  return (table, rowCount, randomAt) => {
    checkKnown(template, { knownVariables: [...table.columns.keys()] });
    const readers = variables.map((name) => slotReader(table.columns.get(name)));
    const renderRow = (row: number): string => {
      const texts: (string | undefined)[] = [];
      const slots = readers.map((read, at) => read(row, texts, at));
      const text = body(new Runtime(slots, texts, randomAt?.(row) ?? rowRandom(() => slots.map(str).join("\n"))));
      if (text === "")
        throw renderError(explainEmpty(template, recordOf(table, variables, row)), "EmptyRenderedExpression");
      if (text.length > MAX_OUTPUT)
        throw renderError(`the output has ${text.length} characters; at most ${MAX_OUTPUT} are allowed`);
      return text;
    };
    const dropped: DroppedRow[] = [];
    const guard = <T>(row: number, compute: () => T): T | undefined => {
      try {
        return compute();
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        dropped.push({ row, kind: failureKind(error), message: errorMessage(error) });
        return undefined;
      }
    };
    const fast = compileColumnar(template.body, table);
    if (dtype === "str")
      return { column: textColumn(fast, rowCount, (row) => guard(row, () => renderRow(row))), dropped };
    const slow = (row: number): number | undefined => guard(row, () => castText(renderRow(row), dtype));
    return { column: numberColumn(fast, dtype, rowCount, slow), dropped };
  };
}

type SlotReader = (row: number, texts: (string | undefined)[], at: number) => Value;

function slotReader(column: ColumnData | undefined): SlotReader {
  if (column === undefined) return () => null;
  const read = compileCells(column);
  const type = column.type;
  return (row, texts, at) => {
    const cell = read(row);
    const value = cellValue(cell, type);
    if (typeof cell === "string" && typeof value !== "string") texts[at] = cell;
    return value;
  };
}

function recordOf(table: Table, names: readonly string[], row: number): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries(
    names.map((name) => {
      const column = table.columns.get(name);
      return [name, column === undefined ? null : compileCells(column)(row)] as const;
    }),
  );
}

function textColumn(
  fast: Columnar | undefined,
  rowCount: number,
  slow: (row: number) => string | undefined,
): ColumnData {
  const values: string[] = [];
  const nulls = new Nulls(rowCount);
  const quick = fast === undefined || fast.kind === "truth" ? undefined : textAt(fast);
  for (let row = 0; row < rowCount; row++) {
    let text = quick?.(row);
    if (text === undefined || text === "" || text.length > MAX_OUTPUT || isUndecided(text)) text = slow(row);
    if (text === undefined) nulls.add(row);
    values.push(text ?? "");
  }
  return { type: "text", values, ...nulls.part() };
}

function textAt(node: Exclude<Columnar, { kind: "truth" }>): (row: number) => string {
  if (node.kind === "text") return node.at;
  const { at, kind } = node;
  return (row) => numberText(kind, at(row));
}

function numberColumn(
  fast: Columnar | undefined,
  dtype: Exclude<ExpressionType, "str">,
  rowCount: number,
  slow: (row: number) => number | undefined,
): ColumnData {
  const values = new Float64Array(rowCount);
  const nulls = new Nulls(rowCount);
  // A truth value prints as a word, which cannot be cast to a number.
  const quick =
    fast === undefined || fast.kind === "text" || (fast.kind === "truth" && dtype !== "bool") ? undefined : fast.at;
  for (let row = 0; row < rowCount; row++) {
    let number = quick?.(row);
    number = number === undefined || !Number.isFinite(number) ? slow(row) : castNumber(number, dtype);
    if (number === undefined) nulls.add(row);
    values[row] = number ?? 0;
  }
  if (dtype === "bool") return { type: "bool", values: Uint8Array.from(values), ...nulls.part() };
  return { type: dtype, values, ...nulls.part() };
}

function castNumber(number: number, dtype: Exclude<ExpressionType, "str">): number {
  if (dtype === "float") return number;
  const whole = Math.trunc(number) + 0;
  return dtype === "int" ? whole : whole === 0 ? 0 : 1;
}

/** float is `float(text)`, int is `int(float(text))`, bool is `bool(int(float(text)))` or else whether it says "true". */
function castText(text: string, dtype: Exclude<ExpressionType, "str">): number {
  const number = parseFloatText(text);
  if (dtype === "bool") {
    if (number !== undefined && Number.isFinite(number)) return castNumber(number, dtype);
    return text.toLowerCase() === "true" ? 1 : 0;
  }
  if (number === undefined || (dtype === "int" && !Number.isFinite(number))) {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    throw renderError(`the text ${JSON.stringify(shown)} cannot be cast to ${dtype}`, "TypeCastError");
  }
  return castNumber(number, dtype);
}

/** Rows without a value; no array while there is none. */
class Nulls {
  private readonly rowCount: number;
  private flags: Uint8Array | undefined;

  constructor(rowCount: number) {
    this.rowCount = rowCount;
  }

  add(row: number): void {
    this.flags ??= new Uint8Array(this.rowCount);
    this.flags[row] = 1;
  }

  part(): { readonly isNull?: Uint8Array } {
    return this.flags === undefined ? {} : { isNull: this.flags };
  }
}
