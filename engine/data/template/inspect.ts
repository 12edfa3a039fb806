import type { Expression, OperandNode, PairNode, Statement } from "./ast.ts";

/** Limits of the original's secure renderer. */
export const MAX_NODES = 600;
export const MAX_DEPTH = 10;

type Node = Expression | Statement | OperandNode | PairNode | { readonly kind: "text" };

/** Counts the nodes below the root and the levels with it, and refuses what is over a limit. */
export function checkLimits(
  body: readonly Statement[],
  fail: (message: string) => Error,
): { readonly nodeCount: number; readonly depth: number } {
  let nodeCount = 0;
  let depth = 1;
  let level: readonly Node[] = body;
  while (level.length > 0) {
    nodeCount += level.length;
    depth++;
    if (nodeCount > MAX_NODES) throw fail(`more than ${MAX_NODES} parts; simplify the template`);
    if (depth > MAX_DEPTH) {
      throw fail(`nested deeper than ${MAX_DEPTH} levels; use \`~\` to join many texts, or split the column in two`);
    }
    level = level.flatMap(children);
  }
  return { nodeCount, depth };
}

function children(node: Node): readonly Node[] {
  switch (node.kind) {
    case "name":
    case "constant":
    case "text":
      return [];
    case "output":
    case "concat":
      return node.parts;
    case "list":
    case "tuple":
      return node.items;
    case "dict":
      return node.pairs;
    case "pair":
      return [node.key, node.value];
    case "attribute":
    case "not":
    case "negative":
    case "positive":
      return [node.of];
    case "item":
      return [node.of, node.key];
    case "slice":
      return [
        node.of,
        { kind: "list", items: [node.start, node.stop, node.step].filter((part) => part !== undefined) },
      ];
    case "method":
      // Jinja2 has a call of an attribute here, so the subject is one level deeper.
      return [{ kind: "attribute", of: node.of, name: node.name }, ...argumentNodes(node)];
    case "filter":
    case "test":
      return [node.of, ...argumentNodes(node)];
    case "binary":
    case "and":
    case "or":
      return [node.left, node.right];
    case "compare":
      return [node.first, ...node.rest];
    case "operand":
      return [node.right];
    case "conditional":
      return [node.test, node.yes, ...(node.no === undefined ? [] : [node.no])];
    case "if": {
      const [first, ...others] = node.branches;
      const nested = others.map((branch) => ({ kind: "if" as const, branches: [branch], otherwise: [] }));
      return [...(first === undefined ? [] : [first.test, ...first.body]), ...nested, ...node.otherwise];
    }
    case "for": {
      const names = node.targets.map((name) => ({ kind: "name" as const, name }));
      const target: readonly Expression[] = node.isTuple ? [{ kind: "tuple", items: names }] : names;
      const test = node.test === undefined ? [] : [node.test];
      return [...target, node.iterable, ...node.body, ...node.otherwise, ...test];
    }
  }
}

function argumentNodes(call: Extract<Expression, { kind: "method" | "filter" | "test" }>): readonly Node[] {
  return [...call.args, ...call.named.map((argument) => ({ kind: "list" as const, items: [argument.value] }))];
}

/** Names that the record must provide, in order of first use: loop variables and `loop` in a loop are not among them. */
export function collectVariables(body: readonly Statement[]): readonly string[] {
  const found = new Set<string>();
  for (const statement of body) visit(statement, new Set(), found);
  return [...found];
}

function visit(node: Node, bound: ReadonlySet<string>, found: Set<string>): void {
  if (node.kind === "name") {
    if (!bound.has(node.name)) found.add(node.name);
  } else if (node.kind === "for") {
    visit(node.iterable, bound, found);
    const inner = new Set([...bound, ...node.targets]);
    if (node.test !== undefined) visit(node.test, inner, found);
    const withLoop = new Set([...inner, "loop"]);
    for (const statement of node.body) visit(statement, withLoop, found);
    for (const statement of node.otherwise) visit(statement, bound, found);
  } else {
    for (const child of children(node)) visit(child, bound, found);
  }
}

/** Attribute chains such as `person.address.city`, for naming what may be missing. */
export function collectChains(body: readonly Statement[]): readonly (readonly [string, ...(string | number)[]])[] {
  const chains: [string, ...(string | number)[]][] = [];
  const walk = (node: Node): void => {
    const chain = chainOf(node);
    if (chain !== undefined) chains.push(chain);
    else for (const child of children(node)) walk(child);
  };
  for (const statement of body) walk(statement);
  return chains;
}

function chainOf(node: Node): [string, ...(string | number)[]] | undefined {
  if (node.kind === "name") return [node.name];
  if (node.kind !== "attribute" && node.kind !== "item") return undefined;
  const parent = chainOf(node.of);
  if (parent === undefined) return undefined;
  if (node.kind === "attribute") return [...parent, node.name];
  const key = node.key.kind === "constant" ? node.key.value : undefined;
  return typeof key === "string" || typeof key === "number" ? [...parent, key] : undefined;
}
