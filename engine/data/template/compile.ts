import type { CompareOperator, ConstantValue, Expression } from "./ast.ts";
import { getAttribute, getItem, getSlice } from "./access.ts";
import { compare } from "./compare.ts";
import { FILTERS } from "./filters.ts";
import { limit } from "./format.ts";
import { callMethod } from "./methods.ts";
import { binary, signed } from "./numbers.ts";
import type { Arguments, Runtime } from "./runtime.ts";
import { FILTER_SIGNATURES, METHOD_SIGNATURES, type Signature, TEST_SIGNATURES } from "./signatures.ts";
import { str } from "./text.ts";
import { TESTS } from "./tests.ts";
import { Dict, float, isTrue, NO_VALUE, Sequence, Undefined, type Value } from "./values.ts";

export type Compiled = (runtime: Runtime) => Value;

/** Gives each name of a template a place in the runtime's slots; a loop variable hides a column of the same name. */
export class Scope {
  private readonly places: ReadonlyMap<string, number>;
  private readonly counter: { next: number };

  constructor(names: readonly string[], parent?: Scope) {
    this.counter = parent?.counter ?? { next: 0 };
    const places = new Map(parent?.places);
    for (const name of names) places.set(name, this.counter.next++);
    this.places = places;
  }

  slot(name: string): number {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`the name ${name} has no slot`);
    return place;
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  /** Slots of the whole template, over all scopes. */
  get size(): number {
    return this.counter.next;
  }
}

/** Turns an expression into a function of the runtime. The parser has checked all names of filters, tests and methods. */
export function compileExpression(node: Expression, scope: Scope): Compiled {
  switch (node.kind) {
    case "name": {
      const slot = scope.slot(node.name);
      const missing = new Undefined(`'${node.name}' is undefined`);
      return ({ slots }) => {
        const value = slots[slot];
        return value === undefined || value === NO_VALUE ? missing : value;
      };
    }
    case "constant": {
      const value = constantValue(node.value);
      return () => value;
    }
    case "list":
      return compileItems(node.items, scope, (items) => items);
    case "tuple":
      return compileItems(node.items, scope, (items) => new Sequence("tuple", items));
    case "dict": {
      const pairs = node.pairs.map(
        (pair) => [compileExpression(pair.key, scope), compileExpression(pair.value, scope)] as const,
      );
      return (runtime) => new Dict(pairs.map(([key, value]) => [key(runtime), value(runtime)] as const));
    }
    case "attribute": {
      const of = compileExpression(node.of, scope);
      return (runtime) => getAttribute(of(runtime), node.name);
    }
    case "item": {
      const of = compileExpression(node.of, scope);
      const key = compileExpression(node.key, scope);
      return (runtime) => getItem(of(runtime), key(runtime));
    }
    case "slice":
      return compileSlice(node, scope);
    case "method":
    case "filter":
    case "test":
      return compileCall(node, scope);
    case "concat":
      return compileConcat(node.parts, scope);
    case "binary": {
      const left = compileExpression(node.left, scope);
      const right = compileExpression(node.right, scope);
      return (runtime) => {
        const result = binary(node.op, left(runtime), right(runtime));
        if (typeof result === "string") return limit(result);
        runtime.charge(result);
        return result;
      };
    }
    case "compare":
      return compileTextCompare(node, scope) ?? compileComparison(node, scope);
    case "and": {
      const left = compileExpression(node.left, scope);
      const right = compileExpression(node.right, scope);
      return (runtime) => {
        const value = left(runtime);
        return isTrue(value) ? right(runtime) : value;
      };
    }
    case "or": {
      const left = compileExpression(node.left, scope);
      const right = compileExpression(node.right, scope);
      return (runtime) => {
        const value = left(runtime);
        return isTrue(value) ? value : right(runtime);
      };
    }
    case "not": {
      const of = compileExpression(node.of, scope);
      return (runtime) => !isTrue(of(runtime));
    }
    case "negative":
    case "positive": {
      const of = compileExpression(node.of, scope);
      const sign = node.kind === "negative" ? -1 : 1;
      return (runtime) => signed(sign, of(runtime));
    }
    case "conditional": {
      const test = compileExpression(node.test, scope);
      const yes = compileExpression(node.yes, scope);
      const absent = new Undefined("the inline `if` was false and has no `else`");
      const no: Compiled = node.no === undefined ? () => absent : compileExpression(node.no, scope);
      return (runtime) => (isTrue(test(runtime)) ? yes(runtime) : no(runtime));
    }
  }
}

function constantValue(value: ConstantValue): Value {
  return typeof value === "object" && value !== null ? float(value.number) : value;
}

function compileItems(nodes: readonly Expression[], scope: Scope, build: (items: readonly Value[]) => Value): Compiled {
  const items = nodes.map((node) => compileExpression(node, scope));
  return (runtime) => build(items.map((item) => item(runtime)));
}

function compileSlice(node: Extract<Expression, { kind: "slice" }>, scope: Scope): Compiled {
  const of = compileExpression(node.of, scope);
  const bounds = [node.start, node.stop, node.step].map((bound) =>
    bound === undefined ? () => null : compileExpression(bound, scope),
  );
  return (runtime) => {
    const value = of(runtime);
    runtime.charge(value);
    const [start = null, stop = null, step = null] = bounds.map((bound) => bound(runtime));
    return getSlice(value, start, stop, step);
  };
}

function compileConcat(nodes: readonly Expression[], scope: Scope): Compiled {
  const parts = nodes.map((node) => compileExpression(node, scope));
  return (runtime) => {
    let text = "";
    for (const part of parts) text += str(part(runtime));
    return limit(text);
  };
}

function compileComparison(node: CompareNode, scope: Scope): Compiled {
  const first = compileExpression(node.first, scope);
  const rest = node.rest.map((operand) => ({ op: operand.op, right: compileExpression(operand.right, scope) }));
  return (runtime) => {
    let left = first(runtime);
    for (const { op, right } of rest) {
      const value = right(runtime);
      runtime.charge(value);
      if (!compare(op, left, value)) return false;
      left = value;
    }
    return true;
  };
}

/**
 * A column compared with texts written in the template. `zip == '90210'` is meant to hold for the cell "90210", although
 * that cell is parsed as a number; so the text of such a cell is compared as well.
 */
function compileTextCompare({ first, rest }: CompareNode, scope: Scope): Compiled | undefined {
  const [operand, ...others] = rest;
  if (first.kind !== "name" || operand === undefined || others.length > 0) return undefined;
  const wanted = constantTexts(operand.right, operand.op);
  if (wanted === undefined) return undefined;
  const slot = scope.slot(first.name);
  const compareValues = compileComparison({ kind: "compare", first, rest }, scope);
  const isWanted = operand.op === "==" || operand.op === "in";
  return (runtime) => {
    const text = runtime.texts[slot];
    return text !== undefined && wanted.includes(text) ? isWanted : compareValues(runtime);
  };
}

function constantTexts(node: Expression, op: CompareOperator): readonly string[] | undefined {
  const isMember = op === "in" || op === "not in";
  if (op === "==" || op === "!=") return textOf(node) === undefined ? undefined : [textOf(node) ?? ""];
  if (!isMember || (node.kind !== "list" && node.kind !== "tuple")) return undefined;
  return node.items.map(textOf).filter((text) => text !== undefined);
}

function textOf(node: Expression): string | undefined {
  return node.kind === "constant" && typeof node.value === "string" ? node.value : undefined;
}

type CompareNode = Extract<Expression, { kind: "compare" }>;

type Call = Extract<Expression, { kind: "method" | "filter" | "test" }>;

const SIGNATURES = { method: METHOD_SIGNATURES, filter: FILTER_SIGNATURES, test: TEST_SIGNATURES };

function compileCall(node: Call, scope: Scope): Compiled {
  const of = compileExpression(node.of, scope);
  const signature = lookUp(SIGNATURES[node.kind], node.name);
  const readArguments = compileArguments(node, signature, scope);
  if (node.kind === "test") {
    const test = lookUp(TESTS, node.name);
    return (runtime) => test(of(runtime), readArguments(runtime));
  }
  if (node.kind === "filter") {
    const filter = lookUp(FILTERS, node.name);
    return (runtime) => {
      const value = of(runtime);
      runtime.charge(value);
      return filter(value, readArguments(runtime), runtime);
    };
  }
  const named = node.named.map(({ name, value }) => [name, compileExpression(value, scope)] as const);
  const isOpen = signature.isOpen === true;
  return (runtime) => {
    const extra = isOpen ? new Map(named.map(([name, value]) => [name, value(runtime)])) : NOTHING_NAMED;
    return callMethod(of(runtime), node.name, readArguments(runtime), extra, runtime);
  };
}

const NOTHING_NAMED: ReadonlyMap<string, Value> = new Map();
const NO_ARGUMENTS: Arguments = [];

function compileArguments(call: Call, signature: Signature, scope: Scope): (runtime: Runtime) => Arguments {
  const places: (Compiled | undefined)[] = call.args.map((arg) => compileExpression(arg, scope));
  if (signature.isOpen !== true) {
    for (const { name, value } of call.named) places[signature.names.indexOf(name)] = compileExpression(value, scope);
  }
  if (places.length === 0) return () => NO_ARGUMENTS;
  // `places` may have holes where a later argument was named.
  return (runtime) => Array.from(places, (place) => place?.(runtime));
}

function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found === undefined) throw new Error(`${name} has a signature but no implementation`);
  return found;
}
