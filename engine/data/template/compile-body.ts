import type { ForNode, IfNode, OutputPart, Statement } from "./ast.ts";
import { compileExpression, type Compiled, Scope } from "./compile.ts";
import { renderError } from "./errors.ts";
import type { Runtime } from "./runtime.ts";
import { MAX_OUTPUT, str } from "./text.ts";
import { Dict, isTrue, itemsOf, listOf, Sequence, Undefined, type Value } from "./values.ts";

export type Renderer = (runtime: Runtime) => string;

/** Turns the statements of a template into one function that gives their text. */
export function compileBody(body: readonly Statement[], scope: Scope): Renderer {
  const parts = body.flatMap((statement): readonly Renderer[] => {
    if (statement.kind === "output") return statement.parts.map((part) => compilePart(part, scope));
    return [statement.kind === "if" ? compileIf(statement, scope) : compileFor(statement, scope)];
  });
  const [first, second, third] = parts;
  if (first === undefined) return () => "";
  if (second === undefined) return first;
  if (third === undefined) return (runtime) => first(runtime) + second(runtime);
  return (runtime) => {
    let text = "";
    for (const part of parts) text += part(runtime);
    return text;
  };
}

function compilePart(part: OutputPart, scope: Scope): Renderer {
  if (part.kind === "text") return () => part.text;
  const value = compileExpression(part, scope);
  return (runtime) => str(value(runtime));
}

function compileIf(node: IfNode, scope: Scope): Renderer {
  const branches = node.branches.map((branch) => ({
    test: compileExpression(branch.test, scope),
    body: compileBody(branch.body, scope),
  }));
  const otherwise = compileBody(node.otherwise, scope);
  return (runtime) => {
    for (const branch of branches) if (isTrue(branch.test(runtime))) return branch.body(runtime);
    return otherwise(runtime);
  };
}

/** Most turns of one loop. Source: the range limit of Jinja2's sandbox. */
const MAX_TURNS = 100_000;

function compileFor(node: ForNode, scope: Scope): Renderer {
  const iterable = compileExpression(node.iterable, scope);
  const inner = new Scope([...node.targets, "loop"], scope);
  const targets = node.targets.map((name) => inner.slot(name));
  const assign = node.isTuple ? assignTuple(targets) : assignOne(targets[0] ?? 0);
  const test = node.test === undefined ? undefined : compileExpression(node.test, inner);
  const body = compileBody(node.body, inner);
  const otherwise = compileBody(node.otherwise, scope);
  const loopSlot = inner.slot("loop");
  return (runtime) => {
    const value = iterable(runtime);
    runtime.charge(value);
    const items = pickItems(itemsOf(value), test, assign, runtime);
    if (items.length === 0) return otherwise(runtime);
    if (items.length > MAX_TURNS)
      throw renderError(`a loop over ${items.length} items; at most ${MAX_TURNS} are allowed`);
    let text = "";
    for (const [index, item] of items.entries()) {
      assign(runtime, item);
      runtime.slots[loopSlot] = loopState(items, index);
      runtime.chargeSteps(8);
      text += body(runtime);
      if (text.length > MAX_OUTPUT) throw renderError(`the output is longer than ${MAX_OUTPUT} characters`);
    }
    return text;
  };
}

type Assign = (runtime: Runtime, item: Value) => void;

function pickItems(
  items: readonly Value[],
  test: Compiled | undefined,
  assign: Assign,
  runtime: Runtime,
): readonly Value[] {
  if (test === undefined) return items;
  return items.filter((item) => {
    assign(runtime, item);
    runtime.chargeSteps(1);
    return isTrue(test(runtime));
  });
}

function assignOne(slot: number): Assign {
  return ({ slots }, item) => {
    slots[slot] = item;
  };
}

function assignTuple(targets: readonly number[]): Assign {
  return ({ slots }, item) => {
    const parts = listOf(item) ?? (item instanceof Sequence || typeof item === "string" ? itemsOf(item) : undefined);
    if (parts?.length !== targets.length) {
      const found = parts === undefined ? "one value" : `${parts.length} values`;
      throw renderError(`the loop has ${targets.length} variables, but an item has ${found}`);
    }
    for (const [at, slot] of targets.entries()) slots[slot] = parts[at] ?? null;
  };
}

/** What `loop` holds inside a `for`. */
function loopState(items: readonly Value[], index: number): Value {
  const length = items.length;
  const neighbour = (at: number): Value => items[at] ?? new Undefined("there is no such item in the loop");
  return new Dict([
    ["index", index + 1],
    ["index0", index],
    ["revindex", length - index],
    ["revindex0", length - index - 1],
    ["first", index === 0],
    ["last", index === length - 1],
    ["length", length],
    ["previtem", neighbour(index - 1)],
    ["nextitem", neighbour(index + 1)],
  ]);
}
