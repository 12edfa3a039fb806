import { templateError } from "./errors.ts";
import type { ConstantValue } from "./ast.ts";

export type Token =
  | { readonly kind: "text"; readonly text: string; readonly at: number }
  | { readonly kind: "begin" | "end"; readonly of: "output" | "block"; readonly at: number }
  | { readonly kind: "name" | "operator"; readonly text: string; readonly at: number }
  | { readonly kind: "literal"; readonly value: ConstantValue; readonly at: number };

const NAME = /[\p{ID_Start}_]\p{ID_Continue}*/uy;
const FLOAT = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y;
const INTEGER = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const OPERATOR = /\/\/|\*\*|==|!=|<=|>=|[-+*/%~[\](){}<>=.:|,;]/y;
const RAW_START = /\{%[-+]?\s*raw\s*(-?)%\}/y;
const RAW_END = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;

/** Longest template source that is read. */
const MAX_SOURCE = 1_000_000;

/**
 * Splits a template into text and the tokens of its tags. Comments are gone, whitespace control (`-`) is applied and
 * one trailing newline is dropped, as Jinja2 does by default. Throws ServiceError `invalid_input` with the position.
 */
export function tokenize(source: string): readonly Token[] {
  if (source.length > MAX_SOURCE) {
    throw templateError("", 0, `${source.length} characters; at most ${MAX_SOURCE} are read`);
  }
  return new Lexer(source).run();
}

class Lexer {
  private readonly source: string;
  private readonly tokens: Token[] = [];
  private at = 0;
  /** The tag before asked for the whitespace after it to go. */
  private isTrimming = false;

  constructor(source: string) {
    this.source = source;
  }

  run(): readonly Token[] {
    const opening = /\{[{%#]/g;
    while (this.at < this.source.length) {
      opening.lastIndex = this.at;
      const found = opening.exec(this.source);
      const start = found?.index ?? this.source.length;
      const sign = found === null ? "" : this.source.charAt(start + 2);
      this.pushText(this.source.slice(this.at, start), sign === "-");
      this.at = start;
      if (found === null) break;
      if (found[0] === "{#") this.readComment();
      else if (!this.readRaw()) this.readTag(found[0] === "{{" ? "output" : "block", sign);
    }
    return this.tokens;
  }

  private pushText(raw: string, trimEnd: boolean): void {
    let text = this.isTrimming ? raw.trimStart() : raw;
    if (trimEnd) text = text.trimEnd();
    this.isTrimming = false;
    if (text !== "") this.tokens.push({ kind: "text", text, at: this.at });
  }

  private readComment(): void {
    const end = this.source.indexOf("#}", this.at + 2);
    if (end < 0) throw this.fail("the comment has no end: expected `#}`");
    this.isTrimming = end > this.at + 2 && this.source.charAt(end - 1) === "-";
    this.at = end + 2;
  }

  private readRaw(): boolean {
    RAW_START.lastIndex = this.at;
    const start = RAW_START.exec(this.source);
    if (start === null) return false;
    RAW_END.lastIndex = RAW_START.lastIndex;
    const end = RAW_END.exec(this.source);
    if (end === null) throw this.fail("`raw` has no `{% endraw %}`");
    this.isTrimming = start[1] === "-";
    this.pushText(this.source.slice(RAW_START.lastIndex, end.index), end[1] === "-");
    this.isTrimming = end[2] === "-";
    this.at = RAW_END.lastIndex;
    return true;
  }

  private readTag(of: "output" | "block", sign: string): void {
    const start = this.at;
    this.tokens.push({ kind: "begin", of, at: start });
    this.at += sign === "-" || sign === "+" ? 3 : 2;
    const close = of === "output" ? "}}" : "%}";
    const brackets: string[] = [];
    for (;;) {
      this.skipSpace();
      if (this.at >= this.source.length) {
        this.at = start;
        throw this.fail(`the tag has no end: expected \`${close}\``);
      }
      if (brackets.length === 0 && this.readClose(of, close)) return;
      this.readToken(brackets);
    }
  }

  private readClose(of: "output" | "block", close: string): boolean {
    const sign = this.source.charAt(this.at);
    const isSigned = (sign === "-" || (sign === "+" && of === "block")) && this.source.startsWith(close, this.at + 1);
    if (!isSigned && !this.source.startsWith(close, this.at)) return false;
    this.tokens.push({ kind: "end", of, at: this.at });
    this.isTrimming = isSigned && sign === "-";
    this.at += isSigned ? 3 : 2;
    return true;
  }

  private readToken(brackets: string[]): void {
    const at = this.at;
    const char = this.source.charAt(at);
    if (char === "'" || char === '"') {
      this.tokens.push({ kind: "literal", value: this.readString(char), at });
      return;
    }
    const float = this.match(FLOAT);
    if (float !== undefined) {
      const number = Number(float.replaceAll("_", ""));
      this.tokens.push({ kind: "literal", value: { isFloat: true, number }, at });
      return;
    }
    const integer = this.match(INTEGER);
    if (integer !== undefined) {
      if (integer.length > 400) throw this.fail("a number of more than 400 digits");
      const whole = BigInt(integer.replaceAll("_", ""));
      const number = Number(whole);
      this.tokens.push({ kind: "literal", value: Number.isSafeInteger(number) ? number : whole, at });
      return;
    }
    const name = this.match(NAME);
    if (name !== undefined) {
      this.tokens.push({ kind: "name", text: name, at });
      return;
    }
    const operator = this.match(OPERATOR);
    if (operator === undefined) throw this.fail(`unexpected character \`${char}\``);
    this.balance(operator, brackets, at);
    this.tokens.push({ kind: "operator", text: operator, at });
  }

  private balance(operator: string, brackets: string[], at: number): void {
    if (operator === "(") brackets.push(")");
    else if (operator === "[") brackets.push("]");
    else if (operator === "{") brackets.push("}");
    else if (operator === ")" || operator === "]" || operator === "}") {
      const expected = brackets.pop();
      if (expected === operator) return;
      const wanted = expected === undefined ? "" : `, expected \`${expected}\``;
      throw templateError(this.source, at, `unexpected \`${operator}\`${wanted}`);
    }
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private readString(mark: string): string {
    let text = "";
    let at = this.at + 1;
    for (;;) {
      const char = this.source.charAt(at);
      if (char === "") throw this.fail("the text has no closing quote");
      if (char === mark) break;
      if (char !== "\\") {
        text += char;
        at++;
        continue;
      }
      const [value, length] = readEscape(this.source, at);
      text += value;
      at += length;
    }
    this.at = at + 1;
    return text;
  }

  private skipSpace(): void {
    while (/\s/.test(this.source.charAt(this.at))) this.at++;
  }

  private fail(message: string): Error {
    return templateError(this.source, this.at, message);
  }
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};
const CODE_ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3}))/y;

/** Python's escapes in a text literal; an unknown one stays as it is, as in Python. */
function readEscape(source: string, at: number): readonly [text: string, length: number] {
  const simple = SIMPLE_ESCAPES[source.charAt(at + 1)];
  if (simple !== undefined) return [simple, 2];
  CODE_ESCAPE.lastIndex = at;
  const found = CODE_ESCAPE.exec(source);
  if (found === null) return ["\\", 1];
  const code = found[4] === undefined ? parseInt(found[1] ?? found[2] ?? found[3] ?? "0", 16) : parseInt(found[4], 8);
  if (code > 0x10ffff) throw templateError(source, at, "the escape names no character");
  return [String.fromCodePoint(code), found[0].length];
}
