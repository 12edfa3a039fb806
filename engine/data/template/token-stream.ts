import { templateError } from "./errors.ts";
import type { Token } from "./tokens.ts";

/** Deepest nesting of brackets and operators that is followed; far above what the limit on the tree allows. */
const MAX_NESTING = 80;

/** Where the parser stands in the tokens of one template. */
export class TokenStream {
  readonly source: string;
  private readonly tokens: readonly Token[];
  private position = 0;
  private nesting = 0;

  constructor(source: string, tokens: readonly Token[]) {
    this.source = source;
    this.tokens = tokens;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.position + ahead];
  }

  next(): Token {
    const token = this.tokens[this.position++];
    if (token === undefined) throw this.fail("the template ends in the middle of a tag");
    return token;
  }

  isOperator(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === "operator" && token.text === text;
  }

  isName(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === "name" && token.text === text;
  }

  isEnd(): boolean {
    return this.peek()?.kind === "end";
  }

  takeOperator(text: string): boolean {
    if (!this.isOperator(text)) return false;
    this.position++;
    return true;
  }

  takeName(text: string): boolean {
    if (!this.isName(text)) return false;
    this.position++;
    return true;
  }

  expectOperator(text: string): void {
    if (!this.takeOperator(text)) throw this.fail(`expected \`${text}\`, found ${this.describe()}`);
  }

  expectName(what: string): string {
    const token = this.peek();
    if (token?.kind !== "name") throw this.fail(`expected ${what}, found ${this.describe()}`);
    this.position++;
    return token.text;
  }

  expectEnd(): void {
    if (!this.isEnd()) throw this.fail(`expected the end of the tag, found ${this.describe()}`);
    this.position++;
  }

  /** Runs `read` one level deeper. */
  nested<T>(read: () => T): T {
    if (++this.nesting > MAX_NESTING)
      throw this.fail(`nested deeper than ${MAX_NESTING} levels; simplify the template`);
    const value = read();
    this.nesting--;
    return value;
  }

  describe(): string {
    const token = this.peek();
    if (token === undefined) return "the end of the template";
    if (token.kind === "name" || token.kind === "operator") return `\`${token.text}\``;
    if (token.kind === "literal") return "a literal";
    return token.kind === "end" ? "the end of the tag" : "text";
  }

  /** The offset of the next token. */
  offset(): number {
    return this.peek()?.at ?? this.source.length;
  }

  fail(message: string, at = this.offset()): Error {
    return templateError(this.source, at, message);
  }
}
