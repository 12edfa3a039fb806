import { compileCells } from "../table-rows.ts";
import type { ColumnData, Table } from "../table.ts";
import type { BinaryOperator, Expression, OperandNode, Statement } from "./ast.ts";
import { parseText } from "./cells.ts";
import { floorDivide, floorModulo } from "./numbers.ts";
import { roundFloat } from "./rounding.ts";
import { floatText, str } from "./text.ts";
import { TEXT_FILTERS } from "./text-filters.ts";

/**
 * An expression whose type follows from the columns, as a function of the row. `truth` gives 1 or 0. A number that is
 * NaN means that the row must be computed the general way: there the error, the big integer or the infinity comes out.
 */
export type Columnar =
  | { readonly kind: "int" | "float" | "truth"; readonly at: (row: number) => number }
  | { readonly kind: "text"; readonly at: (row: number) => string; readonly dictionary?: Dictionary };

interface Dictionary {
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

type NumberNode = Extract<Columnar, { at: (row: number) => number }>;
type TextNode = Extract<Columnar, { kind: "text" }>;

/** Undefined when some part has no columnar form: missing values, methods, loops, collections. */
export function compileColumnar(body: readonly Statement[], table: Table): Columnar | undefined {
  const [only, ...others] = body;
  if (only?.kind !== "output" || others.length > 0) return undefined;
  const parts = only.parts.map((part): Columnar | undefined =>
    part.kind === "text" ? { kind: "text", at: () => part.text } : compile(part, table),
  );
  const [first, ...rest] = parts;
  if (first === undefined || rest.length === 0) return first;
  return joinParts(parts);
}

function compile(node: Expression, table: Table): Columnar | undefined {
  switch (node.kind) {
    case "constant": {
      const { value } = node;
      if (typeof value === "string") return { kind: "text", at: () => value };
      if (typeof value === "number") return { kind: "int", at: () => value };
      return typeof value === "object" && value !== null ? { kind: "float", at: () => value.number } : undefined;
    }
    case "name":
      return readColumn(table.columns.get(node.name));
    case "binary":
      return compileBinary(node.op, compile(node.left, table), compile(node.right, table));
    case "negative": {
      const of = numberNode(compile(node.of, table));
      return of && { kind: of.kind, at: of.kind === "int" ? (row) => 0 - of.at(row) : (row) => -of.at(row) };
    }
    case "concat":
      return joinParts(node.parts.map((part) => compile(part, table)));
    case "filter": {
      const of = compile(node.of, table);
      return of && compileFilter(node, of);
    }
    case "conditional":
      return compileConditional(node, table);
    case "compare":
      return compileCompare(node, table);
    case "and":
    case "or": {
      const left = compile(node.left, table);
      const right = compile(node.right, table);
      return left?.kind === "truth" && right?.kind === "truth" ? combine(node.kind, left, right) : undefined;
    }
    case "not": {
      const of = compile(node.of, table);
      return of?.kind === "truth" ? { kind: "truth", at: (row) => 1 - of.at(row) } : undefined;
    }
    case "attribute":
    case "dict":
    case "item":
    case "list":
    case "method":
    case "positive":
    case "slice":
    case "test":
    case "tuple":
      return undefined;
  }
}

function combine(kind: "and" | "or", left: NumberNode, right: NumberNode): Columnar {
  const decisive = kind === "and" ? 0 : 1;
  // An undecided (NaN) left side stays undecided.
  return { kind: "truth", at: (row) => (left.at(row) === 1 - decisive ? right.at(row) : left.at(row)) };
}

function numberNode(node: Columnar | undefined): (NumberNode & { readonly kind: "int" | "float" }) | undefined {
  return node?.kind === "int" || node?.kind === "float" ? { kind: node.kind, at: node.at } : undefined;
}

function readColumn(column: ColumnData | undefined): Columnar | undefined {
  if (column === undefined || column.isNull !== undefined) return undefined;
  switch (column.type) {
    case "int":
    case "float": {
      const { values } = column;
      return { kind: column.type, at: (row) => values[row] ?? NaN };
    }
    case "text": {
      const { values } = column;
      return { kind: "text", at: (row) => cellText(values[row] ?? "") };
    }
    case "category":
      return fromDictionary({ codes: column.codes, values: column.values.map(cellText) });
    case "time": {
      const read = compileCells(column);
      return { kind: "text", at: (row) => str(read(row)) };
    }
    case "bool":
    case "json":
      return undefined;
  }
}

/** How a text cell prints, which for JSON text is Python's way. */
function cellText(cell: string): string {
  return str(parseText(cell));
}

function fromDictionary(dictionary: Dictionary): TextNode {
  const { codes, values } = dictionary;
  return { kind: "text", at: (row) => values[codes[row] ?? -1] ?? "", dictionary };
}

function compileBinary(op: BinaryOperator, leftNode?: Columnar, rightNode?: Columnar): Columnar | undefined {
  const left = numberNode(leftNode);
  const right = numberNode(rightNode);
  if (left === undefined || right === undefined || op === "**") return undefined;
  const a = left.at;
  const b = right.at;
  const compute = OPERATIONS[op](a, b);
  if (op === "/" || left.kind === "float" || right.kind === "float") return { kind: "float", at: compute };
  return { kind: "int", at: (row) => exactInt(compute(row)) };
}

/** Adding 0 turns -0 into 0. */
function exactInt(number: number): number {
  return Number.isSafeInteger(number) ? number + 0 : NaN;
}

type RowNumber = (row: number) => number;

const OPERATIONS: Readonly<Record<Exclude<BinaryOperator, "**">, (a: RowNumber, b: RowNumber) => RowNumber>> = {
  "+": (a, b) => (row) => a(row) + b(row),
  "-": (a, b) => (row) => a(row) - b(row),
  "*": (a, b) => (row) => a(row) * b(row),
  "/": (a, b) => (row) => dividing(a(row), b(row), (left, right) => left / right),
  "//": (a, b) => (row) => dividing(a(row), b(row), floorDivide),
  "%": (a, b) => (row) => dividing(a(row), b(row), floorModulo),
};

function dividing(left: number, right: number, divide: (left: number, right: number) => number): number {
  return right === 0 || !Number.isFinite(right) ? NaN : divide(left, right);
}

const NUMBER_FILTERS = ["round", "abs", "int", "float"];
const TEXT_ONLY = ["upper", "lower", "capitalize", "title", "trim", "string"];

function compileFilter(node: Extract<Expression, { kind: "filter" }>, of: Columnar): Columnar | undefined {
  if (node.named.length > 0) return undefined;
  if (NUMBER_FILTERS.includes(node.name)) return compileNumberFilter(node, numberNode(of));
  const text = node.args.length === 0 && TEXT_ONLY.includes(node.name) ? asText(of) : undefined;
  const filter = TEXT_FILTERS[node.name];
  if (text === undefined || filter === undefined) return undefined;
  const apply = (value: string): string => str(filter(value, []));
  if (text.dictionary !== undefined)
    return fromDictionary({ ...text.dictionary, values: text.dictionary.values.map(apply) });
  return { kind: "text", at: (row) => apply(text.at(row)) };
}

function compileNumberFilter(
  { name, args }: Extract<Expression, { kind: "filter" }>,
  of: ReturnType<typeof numberNode>,
): Columnar | undefined {
  if (of === undefined) return undefined;
  const { at, kind } = of;
  if (name === "round") {
    const digits = roundDigits(args);
    if (digits === undefined) return undefined;
    return kind === "int" ? of : { kind, at: (row) => roundFloat(at(row), digits) };
  }
  if (args.length > 0) return undefined;
  if (name === "abs") return { kind, at: (row) => Math.abs(at(row)) };
  if (name === "float") return { kind: "float", at };
  return kind === "int" ? of : { kind: "int", at: (row) => exactInt(Math.trunc(at(row))) };
}

function roundDigits([digits, ...others]: readonly Expression[]): number | undefined {
  if (digits === undefined) return 0;
  const value = digits.kind === "constant" && others.length === 0 ? digits.value : undefined;
  return typeof value === "number" && value >= 0 && value <= 15 ? value : undefined;
}

/** The text of a value; undefined for truth values, and for numbers that need the general way. */
function asText(node: Columnar | undefined): TextNode | undefined {
  if (node === undefined || node.kind === "truth") return undefined;
  return node.kind === "text" ? node : { kind: "text", at: (row) => numberText(node.kind, node.at(row)) };
}

/** Marks a text that must be computed the general way; no rendered text is this string. */
const UNDECIDED = "\u0000undecided\u0000";

/** How a number of known type prints. */
export function numberText(kind: "int" | "float" | "truth", number: number): string {
  if (Number.isNaN(number)) return UNDECIDED;
  return kind === "float" ? floatText(number) : String(number);
}

/** Whether the text of a row must be computed the general way. */
export function isUndecided(text: string): boolean {
  return text.includes(UNDECIDED);
}

function joinParts(nodes: readonly (Columnar | undefined)[]): TextNode | undefined {
  const texts: ((row: number) => string)[] = [];
  for (const node of nodes) {
    const text = asText(node);
    if (text === undefined) return undefined;
    texts.push(text.at);
  }
  return {
    kind: "text",
    at: (row) => {
      let joined = "";
      for (const text of texts) joined += text(row);
      return joined;
    },
  };
}

function compileConditional(node: Extract<Expression, { kind: "conditional" }>, table: Table): Columnar | undefined {
  const test = compile(node.test, table);
  const yes = compile(node.yes, table);
  const no = node.no === undefined ? undefined : compile(node.no, table);
  if (test?.kind !== "truth" || yes === undefined || no === undefined) return undefined;
  const yesText = asText(yes);
  const noText = asText(no);
  if (yes.kind !== "text" && yes.kind === no.kind) {
    return { kind: yes.kind, at: (row) => pick(test.at(row), yes.at, no.at, row, NaN) };
  }
  if (yes.kind !== "text" || no.kind !== "text" || yesText === undefined || noText === undefined) return undefined;
  return { kind: "text", at: (row) => pick(test.at(row), yesText.at, noText.at, row, UNDECIDED) };
}

function pick<T>(truth: number, yes: (row: number) => T, no: (row: number) => T, row: number, undecided: T): T {
  if (truth === 1) return yes(row);
  return truth === 0 ? no(row) : undecided;
}

function compileCompare(node: Extract<Expression, { kind: "compare" }>, table: Table): Columnar | undefined {
  const [operand, ...others] = node.rest;
  if (operand === undefined || others.length > 0) return undefined;
  const left = numberNode(compile(node.first, table));
  const right = numberNode(compile(operand.right, table));
  if (left === undefined || right === undefined) return compareWithText(node.first, operand, table);
  const test = ORDER[operand.op];
  return test && { kind: "truth", at: (row) => test(left.at(row), right.at(row)) };
}

/** Undecided when a side is NaN. */
function decided(test: (left: number, right: number) => boolean) {
  return (left: number, right: number): number => (Number.isNaN(left + right) ? NaN : test(left, right) ? 1 : 0);
}

const ORDER: Readonly<Record<string, (left: number, right: number) => number>> = {
  "==": decided((left, right) => left === right),
  "!=": decided((left, right) => left !== right),
  "<": decided((left, right) => left < right),
  "<=": decided((left, right) => left <= right),
  ">": decided((left, right) => left > right),
  ">=": decided((left, right) => left >= right),
};

/** `category == 'Books'`, answered once for each value of the dictionary. */
function compareWithText(first: Expression, { op, right }: OperandNode, table: Table): Columnar | undefined {
  const wanted = right.kind === "constant" && typeof right.value === "string" ? right.value : undefined;
  const column = first.kind === "name" ? table.columns.get(first.name) : undefined;
  if (wanted === undefined || column?.type !== "category" || column.isNull !== undefined) return undefined;
  if (op !== "==" && op !== "!=") return undefined;
  const { codes } = column;
  const truths = column.values.map((cell) =>
    (cell === wanted || parseText(cell) === wanted) === (op === "==") ? 1 : 0,
  );
  return { kind: "truth", at: (row) => truths[codes[row] ?? -1] ?? NaN };
}
