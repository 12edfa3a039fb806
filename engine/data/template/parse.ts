import type { Expression, ForNode, IfNode, OutputPart, Statement, Template } from "./ast.ts";
import { templateError } from "./errors.ts";
import { checkLimits, collectVariables } from "./inspect.ts";
import { parseExpression, parseOr, parseTupleOrExpression } from "./parse-expression.ts";
import { TokenStream } from "./token-stream.ts";
import { tokenize } from "./tokens.ts";

/**
 * Reads and checks a template. Throws ServiceError `invalid_input`, with line and column, for syntax errors, for
 * whatever the sandbox does not allow (by name, with what is allowed) and for more than 600 nodes or 10 levels.
 */
export function parseTemplate(source: string): Template {
  const text = source.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const stream = new TokenStream(text, tokenize(text));
  const body = parseBody(stream, { blocks: [], isInLoop: false });
  const { nodeCount, depth } = checkLimits(body, (message) => templateError(text, 0, message));
  return { source: text, body, variables: collectVariables(body), nodeCount, depth };
}

interface Surroundings {
  /** Names of the open blocks, innermost last. */
  readonly blocks: readonly string[];
  readonly isInLoop: boolean;
}

const REFUSED_TAGS = [
  "autoescape",
  "block",
  "break",
  "call",
  "continue",
  "do",
  "extends",
  "filter",
  "from",
  "import",
  "include",
  "macro",
  "set",
  "trans",
  "with",
];

const CLOSING_TAGS: Readonly<Record<string, readonly string[]>> = {
  if: ["elif", "else", "endif"],
  for: ["else", "endfor"],
};

/** Statements up to a tag that closes or continues the innermost block, which is left standing. */
function parseBody(stream: TokenStream, around: Surroundings): readonly Statement[] {
  const statements: Statement[] = [];
  let output: OutputPart[] = [];
  const flush = (): void => {
    if (output.length > 0) statements.push({ kind: "output", parts: output });
    output = [];
  };
  for (let token = stream.peek(); token !== undefined; token = stream.peek()) {
    if (token.kind === "text") {
      stream.next();
      output.push({ kind: "text", text: token.text });
    } else if (token.kind === "begin" && token.of === "output") {
      stream.next();
      output.push(parseTupleOrExpression(stream));
      stream.expectEnd();
    } else {
      const closing = CLOSING_TAGS[around.blocks.at(-1) ?? ""] ?? [];
      if (closing.some((name) => stream.isName(name, 1))) break;
      flush();
      stream.next();
      statements.push(parseStatement(stream, around));
    }
  }
  flush();
  return statements;
}

function parseStatement(stream: TokenStream, around: Surroundings): Statement {
  const at = stream.offset();
  const name = stream.expectName("the name of a tag");
  if (name === "if") return stream.nested(() => parseIf(stream, around));
  if (name === "for") return stream.nested(() => parseFor(stream, around, at));
  if (REFUSED_TAGS.includes(name)) {
    throw stream.fail(`the tag \`${name}\` is not allowed; allowed are if, for and raw`, at);
  }
  const open = around.blocks.at(-1);
  const expected = open === undefined ? "allowed are if, for and raw" : `the open block is \`${open}\``;
  throw stream.fail(`unexpected tag \`${name}\`; ${expected}`, at);
}

function parseIf(stream: TokenStream, around: Surroundings): IfNode {
  const inner = { ...around, blocks: [...around.blocks, "if"] };
  const branches: { test: Expression; body: readonly Statement[] }[] = [];
  let otherwise: readonly Statement[] = [];
  let tag = "elif";
  while (tag === "elif") {
    const test = parseTupleOrExpression(stream, false);
    stream.expectEnd();
    branches.push({ test, body: parseBody(stream, inner) });
    tag = nextTag(stream, "if");
  }
  if (tag === "else") {
    stream.expectEnd();
    otherwise = parseBody(stream, { ...around, blocks: [...around.blocks, "if"] });
    tag = nextTag(stream, "if");
    if (tag !== "endif") throw stream.fail(`\`${tag}\` cannot follow \`else\`; expected \`endif\``);
  }
  stream.expectEnd();
  return { kind: "if", branches, otherwise };
}

function parseFor(stream: TokenStream, around: Surroundings, at: number): ForNode {
  if (around.isInLoop) throw stream.fail("a `for` inside a `for` is not allowed", at);
  const targets = parseTargets(stream);
  if (!stream.takeName("in")) throw stream.fail(`expected \`in\`, found ${stream.describe()}`);
  const iterable = parseOr(stream);
  const test = stream.takeName("if") ? parseExpression(stream) : undefined;
  if (stream.isName("recursive")) throw stream.fail("`recursive` loops are not allowed");
  stream.expectEnd();
  const inner = { isInLoop: true, blocks: [...around.blocks, "for"] };
  const body = parseBody(stream, inner);
  let otherwise: readonly Statement[] = [];
  let tag = nextTag(stream, "for");
  if (tag === "else") {
    stream.expectEnd();
    otherwise = parseBody(stream, inner);
    tag = nextTag(stream, "for");
    if (tag !== "endfor") throw stream.fail(`\`${tag}\` cannot follow \`else\`; expected \`endfor\``);
  }
  stream.expectEnd();
  return { kind: "for", targets: targets.names, isTuple: targets.isTuple, iterable, test, body, otherwise };
}

const RESERVED = ["true", "True", "false", "False", "none", "None", "loop", "self"];

function parseTargets(stream: TokenStream): { readonly names: readonly string[]; readonly isTuple: boolean } {
  const hasParentheses = stream.takeOperator("(");
  const names: string[] = [];
  let isTuple = false;
  do {
    if (stream.isName("in") || stream.isOperator(")")) break;
    const at = stream.offset();
    const name = stream.expectName("the name of the loop variable");
    if (RESERVED.includes(name)) throw stream.fail(`\`${name}\` cannot be a loop variable`, at);
    names.push(name);
    if (stream.isOperator(",")) isTuple = true;
  } while (stream.takeOperator(","));
  if (hasParentheses) stream.expectOperator(")");
  return { names, isTuple };
}

/** Takes the tag that closes or continues the block; the end of the template is an error. */
function nextTag(stream: TokenStream, block: string): string {
  if (stream.peek() === undefined) {
    throw stream.fail(`the template ends inside \`${block}\`: expected \`{% end${block} %}\``);
  }
  stream.next();
  return stream.expectName("the name of a tag");
}
