import type { SyntaxProblem } from "./syntax-check.ts";

/** How a language writes strings and comments. */
export interface ScanRules {
  /** Longest first. A string may span lines when `isMultiline`; `\` escapes unless `isRaw`, where a doubled quote does. */
  readonly strings: readonly {
    readonly open: string;
    readonly close: string;
    readonly isMultiline?: boolean;
    readonly isRaw?: boolean;
  }[];
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [open: string, close: string])[];
}

export interface Token {
  /** A string's text is its opening quote. */
  readonly kind: "word" | "number" | "string" | "sign" | "newline";
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Open brackets around it. */
  readonly depth: number;
}

export interface Scan {
  readonly tokens: readonly Token[];
  readonly problems: readonly SyntaxProblem[];
}

const CLOSERS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** Tokens without comments; reports strings and comments that do not end and brackets that do not match. */
export function scan(code: string, rules: ScanRules): Scan {
  const tokens: Token[] = [];
  const problems: SyntaxProblem[] = [];
  const open: { text: string; line: number; column: number }[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;

  /** Moves on, counting lines. */
  const advanceTo = (end: number): void => {
    for (; at < end; at += 1) {
      if (code[at] !== "\n") continue;
      line += 1;
      lineStart = at + 1;
    }
  };

  while (at < code.length) {
    const here = { line, column: at - lineStart + 1 };
    const character = code.charAt(at);
    const comment = rules.lineComments.find((mark) => code.startsWith(mark, at));
    const block = rules.blockComments.find(([mark]) => code.startsWith(mark, at));
    const string = rules.strings.find((kind) => code.startsWith(kind.open, at));
    if (comment !== undefined) {
      const end = code.indexOf("\n", at);
      advanceTo(end < 0 ? code.length : end);
    } else if (block !== undefined) {
      const end = code.indexOf(block[1], at + block[0].length);
      if (end < 0) problems.push({ ...here, message: "a comment does not end" });
      advanceTo(end < 0 ? code.length : end + block[1].length);
    } else if (string !== undefined) {
      const end = endOfString(code, at + string.open.length, string);
      if (end === undefined)
        problems.push({ ...here, message: `a string that begins with ${string.open} does not end` });
      tokens.push({ kind: "string", text: string.open, ...here, depth: open.length });
      const lineEnd = code.indexOf("\n", at);
      advanceTo(end ?? (string.isMultiline === true || lineEnd < 0 ? code.length : lineEnd));
    } else if (/[\p{L}_$]/u.test(character)) {
      const word = /^[\p{L}\p{N}_$]+/u.exec(code.slice(at, at + 256))?.[0] ?? character;
      tokens.push({ kind: "word", text: word, ...here, depth: open.length });
      advanceTo(at + word.length);
    } else if (/\d/.test(character)) {
      const number = /^[\d.]+(?:[eE][+-]?\d+)?\w*/.exec(code.slice(at, at + 256))?.[0] ?? character;
      tokens.push({ kind: "number", text: number, ...here, depth: open.length });
      advanceTo(at + number.length);
    } else {
      const opener = CLOSERS[character];
      if (opener !== undefined) {
        const last = open.pop();
        if (last === undefined) problems.push({ ...here, message: `${character} closes nothing` });
        else if (last.text !== opener)
          problems.push({ ...here, message: `${character} does not close the ${last.text} of line ${last.line}` });
      }
      if (character === "\n") tokens.push({ kind: "newline", text: "\n", ...here, depth: open.length });
      else if (!/\s/.test(character)) tokens.push({ kind: "sign", text: character, ...here, depth: open.length });
      if ("([{".includes(character)) open.push({ text: character, ...here });
      advanceTo(at + 1);
    }
  }
  for (const { text, ...place } of open) problems.push({ ...place, message: `${text} is never closed` });
  return { tokens, problems };
}

function endOfString(code: string, from: number, kind: ScanRules["strings"][number]): number | undefined {
  let at = from;
  while (at < code.length) {
    if (kind.isRaw !== true && code[at] === "\\") at += 2;
    else if (code.startsWith(kind.close, at)) {
      if (kind.isRaw !== true || kind.close.length > 1 || code[at + 1] !== kind.close) return at + kind.close.length;
      at += 2;
    } else if (code[at] === "\n" && kind.isMultiline !== true) return undefined;
    else at += 1;
  }
  return undefined;
}
