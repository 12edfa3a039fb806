import { compare } from "./compare.ts";
import type { CompareOperator } from "./ast.ts";
import { renderError } from "./errors.ts";
import { getSlice } from "./access.ts";
import { dictGet, dictPairs, isDict, listOf, type Value } from "./values.ts";

type Selector =
  | { readonly kind: "key"; readonly name: string }
  | { readonly kind: "index"; readonly at: number }
  | { readonly kind: "slice"; readonly start: Value; readonly stop: Value; readonly step: Value }
  | { readonly kind: "all" }
  | {
      readonly kind: "filter";
      readonly path: readonly Step[];
      readonly op: CompareOperator | undefined;
      readonly right: Value;
    };

interface Step {
  readonly selectors: readonly Selector[];
  /** `..`: at every depth below. */
  readonly isDeep: boolean;
}

/**
 * The values a JSONPath finds, in order: `$`, `.name`, `['name']`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `[0,2]`, `..name` and
 * filters of one comparison such as `[?(@.type == 'bar')]`. Throws for any other syntax. Source: RFC 9535 names these.
 */
export function findByPath(value: Value, path: string, charge: (steps: number) => void): readonly Value[] {
  const reader = new PathReader(path.trim());
  if (!reader.take("$")) throw reader.fail("a path starts with `$`");
  const steps = reader.steps(false);
  return select([value], steps, charge);
}

function select(values: readonly Value[], steps: readonly Step[], charge: (steps: number) => void): readonly Value[] {
  let current = values;
  for (const step of steps) {
    const roots = step.isDeep ? current.flatMap((value) => descend(value, charge)) : current;
    current = roots.flatMap((value) => step.selectors.flatMap((selector) => pick(value, selector, charge)));
    charge(current.length + roots.length);
  }
  return current;
}

function descend(value: Value, charge: (steps: number) => void, depth = 0): readonly Value[] {
  charge(1);
  if (depth > 100) throw renderError("jsonpath: the value is nested deeper than 100 levels");
  return [value, ...childrenOf(value).flatMap((child) => descend(child, charge, depth + 1))];
}

function childrenOf(value: Value): readonly Value[] {
  return listOf(value) ?? (isDict(value) ? dictPairs(value).map(([, child]) => child) : []);
}

function pick(value: Value, selector: Selector, charge: (steps: number) => void): readonly Value[] {
  const list = listOf(value);
  switch (selector.kind) {
    case "key": {
      const found = isDict(value) ? dictGet(value, selector.name) : undefined;
      return found === undefined ? [] : [found];
    }
    case "index": {
      const item = list?.at(selector.at);
      return item === undefined ? [] : [item];
    }
    case "slice":
      return list === undefined ? [] : (listOf(getSlice(list, selector.start, selector.stop, selector.step)) ?? []);
    case "all":
      return childrenOf(value);
    case "filter":
      return childrenOf(value).filter((child) => {
        const [found] = select([child], selector.path, charge);
        if (found === undefined) return false;
        return selector.op === undefined || compare(selector.op, found, selector.right);
      });
  }
}

const NAME = /[\p{L}_][\p{L}\p{N}_-]*/uy;
const NUMBER = /-?\d+(?:\.\d+)?/y;
const STRING = /'([^'\\]*)'|"([^"\\]*)"/y;
const OPERATOR = /==|!=|<=|>=|<|>/y;

class PathReader {
  private readonly path: string;
  private at = 0;

  constructor(path: string) {
    this.path = path;
  }

  take(text: string): boolean {
    if (!this.path.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  fail(message: string): Error {
    return renderError(`jsonpath \`${this.path}\`, column ${this.at + 1}: ${message}`);
  }

  /** Steps up to the end, or inside a filter up to its operator or closing bracket. */
  steps(isInFilter: boolean): readonly Step[] {
    const steps: Step[] = [];
    while (this.at < this.path.length) {
      const isDeep = this.take("..");
      if (this.take("[")) steps.push({ selectors: this.selectors(), isDeep });
      else if (isDeep || this.take(".")) steps.push({ selectors: [this.afterDot()], isDeep });
      else if (isInFilter) break;
      else throw this.fail("expected `.`, `..` or `[`");
    }
    return steps;
  }

  private afterDot(): Selector {
    if (this.take("*")) return { kind: "all" };
    const name = this.match(NAME);
    if (name === undefined) throw this.fail("expected a name");
    return { kind: "key", name };
  }

  private selectors(): readonly Selector[] {
    const selectors: Selector[] = [];
    do {
      this.space();
      selectors.push(this.selector());
      this.space();
    } while (this.take(","));
    if (!this.take("]")) throw this.fail("expected `]`");
    return selectors;
  }

  private selector(): Selector {
    if (this.take("*")) return { kind: "all" };
    if (this.take("?")) return this.filter();
    const name = this.string();
    if (name !== undefined) return { kind: "key", name };
    const start = this.integer();
    if (!this.take(":")) {
      if (start === null) throw this.fail("expected a name in quotes, an index, a slice, `*` or `?`");
      return { kind: "index", at: start };
    }
    const stop = this.integer();
    return { kind: "slice", start, stop, step: this.take(":") ? this.integer() : null };
  }

  private filter(): Selector {
    const hasParentheses = this.take("(");
    this.space();
    if (!this.take("@")) throw this.fail("a filter starts with `@`");
    const path = this.steps(true);
    this.space();
    const op = this.match(OPERATOR);
    this.space();
    const right = op === undefined ? null : this.literal();
    this.space();
    if (hasParentheses && !this.take(")")) throw this.fail("expected `)`; a filter is one comparison");
    // OPERATOR matches nothing but operators of comparison.
    return { kind: "filter", path, op: op as CompareOperator | undefined, right };
  }

  private literal(): Value {
    const text = this.string();
    if (text !== undefined) return text;
    const number = this.match(NUMBER);
    if (number !== undefined) return Number(number);
    if (this.take("true")) return true;
    if (this.take("false")) return false;
    if (this.take("null")) return null;
    throw this.fail("expected a text in quotes, a number, true, false or null");
  }

  private string(): string | undefined {
    const quoted = this.match(STRING);
    return quoted?.slice(1, -1);
  }

  private integer(): number | null {
    this.space();
    const text = this.match(/-?\d+/y);
    this.space();
    return text === undefined ? null : Number(text);
  }

  private space(): void {
    while (this.path.charAt(this.at) === " ") this.at++;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.path)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}
