import type { BinaryOperator, CallArguments, CompareOperator, Expression, OperandNode } from "./ast.ts";
import { checkArguments, signatureOf } from "./check-call.ts";
import { parseArguments, parseDict, parseItems } from "./parse-list.ts";
import { METHOD_SIGNATURES } from "./signatures.ts";
import type { TokenStream } from "./token-stream.ts";

/** An expression, or a tuple of several with commas, up to the end of the tag. */
export function parseTupleOrExpression(stream: TokenStream, isConditional = true): Expression {
  const read = (): Expression => (isConditional ? parseExpression(stream) : parseOr(stream));
  const first = read();
  if (!stream.isOperator(",")) return first;
  const items = [first];
  while (stream.takeOperator(",")) {
    if (stream.isEnd() || stream.isOperator(")")) break;
    items.push(read());
  }
  return { kind: "tuple", items };
}

export function parseExpression(stream: TokenStream): Expression {
  return stream.nested(() => {
    let expression = parseOr(stream);
    while (stream.takeName("if")) {
      const test = parseOr(stream);
      const no = stream.takeName("else") ? parseExpression(stream) : undefined;
      expression = { kind: "conditional", test, yes: expression, no };
    }
    return expression;
  });
}

export function parseOr(stream: TokenStream): Expression {
  let left = parseAnd(stream);
  while (stream.takeName("or")) left = { kind: "or", left, right: parseAnd(stream) };
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  let left = parseNot(stream);
  while (stream.takeName("and")) left = { kind: "and", left, right: parseNot(stream) };
  return left;
}

function parseNot(stream: TokenStream): Expression {
  if (!stream.takeName("not")) return parseCompare(stream);
  return stream.nested(() => ({ kind: "not", of: parseNot(stream) }));
}

const COMPARE_OPERATORS: readonly CompareOperator[] = ["==", "!=", "<=", ">=", "<", ">"];

function parseCompare(stream: TokenStream): Expression {
  const first = parseSum(stream);
  const rest: OperandNode[] = [];
  for (let op = takeCompare(stream); op !== undefined; op = takeCompare(stream)) {
    rest.push({ kind: "operand", op, right: parseSum(stream) });
  }
  return rest.length === 0 ? first : { kind: "compare", first, rest };
}

function takeCompare(stream: TokenStream): CompareOperator | undefined {
  if (stream.takeName("in")) return "in";
  if (stream.isName("not") && stream.isName("in", 1)) {
    stream.next();
    stream.next();
    return "not in";
  }
  return COMPARE_OPERATORS.find((op) => stream.takeOperator(op));
}

function leftToRight(
  stream: TokenStream,
  operators: readonly BinaryOperator[],
  operand: (stream: TokenStream) => Expression,
): Expression {
  let left = operand(stream);
  for (;;) {
    const op = operators.find((candidate) => stream.takeOperator(candidate));
    if (op === undefined) return left;
    left = { kind: "binary", op, left, right: operand(stream) };
  }
}

function parseSum(stream: TokenStream): Expression {
  return leftToRight(stream, ["+", "-"], parseConcat);
}

function parseConcat(stream: TokenStream): Expression {
  const parts = [parseProduct(stream)];
  while (stream.takeOperator("~")) parts.push(parseProduct(stream));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "concat", parts };
}

function parseProduct(stream: TokenStream): Expression {
  return leftToRight(stream, ["*", "//", "/", "%"], parsePower);
}

// Jinja2 reads powers from left to right, unlike Python: 2 ** 3 ** 2 is 64.
function parsePower(stream: TokenStream): Expression {
  return leftToRight(stream, ["**"], (inner) => parseUnary(inner, true));
}

function parseUnary(stream: TokenStream, withFilters: boolean): Expression {
  return stream.nested(() => {
    let node: Expression;
    if (stream.takeOperator("-")) node = { kind: "negative", of: parseUnary(stream, false) };
    else if (stream.takeOperator("+")) node = { kind: "positive", of: parseUnary(stream, false) };
    else node = parsePrimary(stream);
    node = parsePostfix(stream, node);
    return withFilters ? parseFiltersAndTests(stream, node) : node;
  });
}

const WORD_CONSTANTS: Readonly<Record<string, null | boolean>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

function parsePrimary(stream: TokenStream): Expression {
  const at = stream.offset();
  const token = stream.next();
  if (token.kind === "name") {
    const constant = Object.hasOwn(WORD_CONSTANTS, token.text) ? WORD_CONSTANTS[token.text] : undefined;
    if (constant !== undefined) return { kind: "constant", value: constant };
    checkName(stream, token.text, at);
    if (token.text === "self") throw stream.fail("the name `self` is not allowed", at);
    return { kind: "name", name: token.text };
  }
  if (token.kind === "literal") return parseLiteral(stream, token.value);
  if (token.kind === "operator") {
    if (token.text === "(") return parseParentheses(stream);
    if (token.text === "[") return { kind: "list", items: parseItems(stream, "]", parseExpression) };
    if (token.text === "{") return parseDict(stream, parseExpression);
    throw stream.fail(`expected a value, found \`${token.text}\``, at);
  }
  throw stream.fail(token.kind === "end" ? "expected a value, found the end of the tag" : "expected a value", at);
}

/** Neighbouring texts are one text. */
function parseLiteral(stream: TokenStream, value: Extract<Expression, { kind: "constant" }>["value"]): Expression {
  if (typeof value !== "string") return { kind: "constant", value };
  let text = value;
  for (let token = stream.peek(); token?.kind === "literal" && typeof token.value === "string"; token = stream.peek()) {
    text += token.value;
    stream.next();
  }
  return { kind: "constant", value: text };
}

function parseParentheses(stream: TokenStream): Expression {
  if (stream.takeOperator(")")) return { kind: "tuple", items: [] };
  const inner = parseTupleOrExpression(stream);
  stream.expectOperator(")");
  return inner;
}

function parsePostfix(stream: TokenStream, start: Expression): Expression {
  let node = start;
  for (;;) {
    const at = stream.offset();
    if (stream.takeOperator(".")) node = parseAttribute(stream, node);
    else if (stream.takeOperator("[")) node = parseSubscript(stream, node);
    else if (stream.isOperator("(")) {
      const what = node.kind === "name" ? `\`${node.name}(…)\`` : "this call";
      const methods = Object.keys(METHOD_SIGNATURES).sort().join(", ");
      throw stream.fail(`${what} is not allowed; only these methods can be called: ${methods}`, at);
    } else return node;
  }
}

function parseAttribute(stream: TokenStream, of: Expression): Expression {
  const at = stream.offset();
  const index = stream.peek();
  if (index?.kind === "literal" && typeof index.value === "number") {
    stream.next();
    return { kind: "item", of, key: { kind: "constant", value: index.value } };
  }
  const name = stream.expectName("a name after `.`");
  checkName(stream, name, at);
  if (!stream.isOperator("(")) return { kind: "attribute", of, name };
  const signature = signatureOf(stream, "method", name, at);
  const call = parseArguments(stream, parseExpression);
  checkArguments(stream, `the method \`${name}\``, signature, call, at);
  return { kind: "method", of, name, ...call };
}

function parseSubscript(stream: TokenStream, of: Expression): Expression {
  const at = stream.offset();
  const start = stream.isOperator(":") ? undefined : parseExpression(stream);
  if (!stream.takeOperator(":")) {
    if (stream.isOperator(",")) throw stream.fail("only one index or slice is allowed between `[` and `]`");
    stream.expectOperator("]");
    if (start === undefined) throw stream.fail("expected an index", at);
    if (start.kind === "constant" && typeof start.value === "string") checkName(stream, start.value, at);
    return { kind: "item", of, key: start };
  }
  const isAbsent = (): boolean => stream.isOperator(":") || stream.isOperator("]");
  const stop = isAbsent() ? undefined : parseExpression(stream);
  const step = stream.takeOperator(":") && !stream.isOperator("]") ? parseExpression(stream) : undefined;
  stream.expectOperator("]");
  return { kind: "slice", of, start, stop, step };
}

function parseFiltersAndTests(stream: TokenStream, start: Expression): Expression {
  let node = start;
  for (;;) {
    if (stream.takeOperator("|")) node = parseFilter(stream, node);
    else if (stream.takeName("is")) node = parseTest(stream, node);
    else if (stream.isOperator("(")) node = parsePostfix(stream, node);
    else return node;
  }
}

function parseFilter(stream: TokenStream, of: Expression): Expression {
  const at = stream.offset();
  const name = stream.expectName("the name of a filter");
  const signature = signatureOf(stream, "filter", name, at);
  const call = stream.isOperator("(") ? parseArguments(stream, parseExpression) : { args: [], named: [] };
  checkArguments(stream, `the filter \`${name}\``, signature, call, at);
  return { kind: "filter", of, name, ...call };
}

const NOT_AN_ARGUMENT = ["else", "or", "and", "is", "if", "in", "not"];

function parseTest(stream: TokenStream, of: Expression): Expression {
  const isNegated = stream.takeName("not");
  const at = stream.offset();
  const name = stream.expectName("the name of a test");
  const signature = signatureOf(stream, "test", name, at);
  const call = parseTestArguments(stream);
  checkArguments(stream, `the test \`${name}\``, signature, call, at);
  const test: Expression = { kind: "test", of, name, ...call };
  return isNegated ? { kind: "not", of: test } : test;
}

function parseTestArguments(stream: TokenStream): CallArguments {
  if (stream.isOperator("(")) return parseArguments(stream, parseExpression);
  const token = stream.peek();
  const isArgument =
    token?.kind === "literal" ||
    (token?.kind === "name" && !NOT_AN_ARGUMENT.includes(token.text)) ||
    (token?.kind === "operator" && (token.text === "[" || token.text === "{"));
  if (!isArgument) return { args: [], named: [] };
  return { args: [parsePostfix(stream, parsePrimary(stream))], named: [] };
}

/** Names that only an attempt to leave the sandbox uses. */
function checkName(stream: TokenStream, name: string, at: number): void {
  if (name.startsWith("__"))
    throw stream.fail(`\`${name}\` is not allowed: names that start with "__" are refused`, at);
}
