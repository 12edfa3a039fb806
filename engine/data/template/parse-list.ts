/** What stands in brackets with commas between: lists, dictionaries and arguments. */
import type { CallArguments, Expression, PairNode } from "./ast.ts";
import type { TokenStream } from "./token-stream.ts";

type ReadExpression = (stream: TokenStream) => Expression;

/** The items of a list up to `close`; a comma may stand behind the last one. */
export function parseItems(stream: TokenStream, close: string, read: ReadExpression): readonly Expression[] {
  const items: Expression[] = [];
  while (!stream.takeOperator(close)) {
    if (items.length > 0) {
      stream.expectOperator(",");
      if (stream.takeOperator(close)) break;
    }
    items.push(read(stream));
  }
  return items;
}

export function parseDict(stream: TokenStream, read: ReadExpression): Expression {
  const pairs: PairNode[] = [];
  while (!stream.takeOperator("}")) {
    if (pairs.length > 0) {
      stream.expectOperator(",");
      if (stream.takeOperator("}")) break;
    }
    const key = read(stream);
    stream.expectOperator(":");
    pairs.push({ kind: "pair", key, value: read(stream) });
  }
  return { kind: "dict", pairs };
}

/** Plain arguments, then named ones, in brackets. */
export function parseArguments(stream: TokenStream, read: ReadExpression): CallArguments {
  const args: Expression[] = [];
  const named: { name: string; value: Expression }[] = [];
  stream.expectOperator("(");
  while (!stream.takeOperator(")")) {
    if (args.length + named.length > 0) {
      stream.expectOperator(",");
      if (stream.takeOperator(")")) break;
    }
    if (stream.isOperator("*") || stream.isOperator("**")) throw stream.fail("`*` and `**` arguments are not allowed");
    if (stream.peek()?.kind === "name" && stream.isOperator("=", 1)) {
      const name = stream.expectName("a name");
      stream.expectOperator("=");
      named.push({ name, value: read(stream) });
    } else {
      if (named.length > 0) throw stream.fail("a plain argument cannot follow a named one");
      args.push(read(stream));
    }
  }
  return { args, named };
}
