/**
 * The parsed template. Nodes correspond one to one to those of Jinja2's own syntax tree, so that the limits on their
 * number and depth mean the same.
 */
export type Expression =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "constant"; readonly value: ConstantValue }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "tuple"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly pairs: readonly PairNode[] }
  | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly kind: "item"; readonly of: Expression; readonly key: Expression }
  | SliceNode
  | MethodNode
  | FilterNode
  | TestNode
  | { readonly kind: "concat"; readonly parts: readonly Expression[] }
  | { readonly kind: "binary"; readonly op: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "compare"; readonly first: Expression; readonly rest: readonly OperandNode[] }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "not" | "negative" | "positive"; readonly of: Expression }
  | ConditionalNode;

/** A whole float keeps its type by `isFloat`. */
export type ConstantValue =
  null | boolean | number | bigint | string | { readonly isFloat: true; readonly number: number };

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export interface PairNode {
  readonly kind: "pair";
  readonly key: Expression;
  readonly value: Expression;
}

export interface OperandNode {
  readonly kind: "operand";
  readonly op: CompareOperator;
  readonly right: Expression;
}

/** `of[start:stop:step]`; an absent bound is undefined. */
export interface SliceNode {
  readonly kind: "slice";
  readonly of: Expression;
  readonly start: Expression | undefined;
  readonly stop: Expression | undefined;
  readonly step: Expression | undefined;
}

/** `of.name(...)`. */
export interface MethodNode extends CallArguments {
  readonly kind: "method";
  readonly of: Expression;
  readonly name: string;
}

export interface FilterNode extends CallArguments {
  readonly kind: "filter";
  readonly of: Expression;
  readonly name: string;
}

export interface TestNode extends CallArguments {
  readonly kind: "test";
  readonly of: Expression;
  readonly name: string;
}

export interface CallArguments {
  readonly args: readonly Expression[];
  readonly named: readonly { readonly name: string; readonly value: Expression }[];
}

export interface ConditionalNode {
  readonly kind: "conditional";
  readonly test: Expression;
  readonly yes: Expression;
  readonly no: Expression | undefined;
}

export type Statement = { readonly kind: "output"; readonly parts: readonly OutputPart[] } | IfNode | ForNode;

export type OutputPart = { readonly kind: "text"; readonly text: string } | Expression;

export interface IfNode {
  readonly kind: "if";
  /** The `if` and each `elif`, in order. */
  readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
  readonly otherwise: readonly Statement[];
}

export interface ForNode {
  readonly kind: "for";
  readonly targets: readonly string[];
  readonly isTuple: boolean;
  readonly iterable: Expression;
  readonly test: Expression | undefined;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

/** A template that passed every check. */
export interface Template {
  readonly source: string;
  readonly body: readonly Statement[];
  /** Names that the record must provide, in order of first use. */
  readonly variables: readonly string[];
  readonly nodeCount: number;
  readonly depth: number;
}
