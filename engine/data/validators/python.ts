import { type Token, scan } from "./scan.ts";
import { type SyntaxCheck, type SyntaxProblem, tokenCheck } from "./syntax-check.ts";

const PROVES =
  "strings and brackets are closed, blocks are introduced by a colon and indented consistently, operators and keywords do not stand alone at the end of a statement; expressions are not parsed and nothing is run";

const triple = ['"""', "'''"].map((mark) => ({ open: mark, close: mark, isMultiline: true }));
const RULES = {
  strings: [...triple, { open: '"', close: '"' }, { open: "'", close: "'" }],
  lineComments: ["#"],
  blockComments: [],
};

const BLOCK = new Set(["def", "class", "if", "elif", "else", "for", "while", "try", "except", "finally", "with"]);
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  elif: ["if", "elif"],
  else: ["if", "elif", "for", "while", "try", "except"],
  except: ["try", "except"],
  finally: ["try", "except", "else"],
};
/** Words of other languages that begin no Python statement when a name follows. */
const FOREIGN = new Set([
  "function",
  "var",
  "let",
  "const",
  "public",
  "private",
  "void",
  "int",
  "func",
  "fn",
  "end",
  "then",
  "switch",
  "SELECT",
]);
const UNFINISHED = new Set([
  "=",
  "+",
  "*",
  "/",
  "%",
  "&",
  "|",
  "^",
  ".",
  "<",
  "and",
  "or",
  "not",
  "in",
  "is",
  "import",
  "from",
  "as",
  "lambda",
]);

interface Line {
  readonly tokens: readonly Token[];
  readonly indent: number;
}

/** Checks Python by its tokens and indentation. Empty code is not valid. Never throws. */
export function checkPython(code: string): SyntaxCheck {
  const { tokens, problems: found } = scan(code, RULES);
  const problems: SyntaxProblem[] = [...found];
  const lines = logicalLines(code, tokens);
  if (lines.length === 0 && found.length === 0) problems.push({ line: 1, column: 1, message: "there is no code" });
  const levels: { indent: number; last: string }[] = [{ indent: 0, last: "" }];
  let opensBlock = false;
  for (const { tokens: words, indent } of lines) {
    const [first, second] = words;
    if (first === undefined) continue;
    const report = (message: string, token = first): void =>
      void problems.push({ line: token.line, column: token.column, message });
    const current = levels.at(-1)?.indent ?? 0;
    if (opensBlock && indent <= current) report("an indented block is missing");
    else if (opensBlock) levels.push({ indent, last: "" });
    else if (indent > current) report("the line is indented without a block");
    while (levels.length > 1 && indent < (levels.at(-1)?.indent ?? 0)) levels.pop();
    const level = levels.at(-1) ?? { indent: 0, last: "" };
    if (indent < level.indent || (indent > level.indent && indent < current))
      report("the indentation matches no block");
    const name = first.text === "async" ? (second?.text ?? "") : first.text;
    const mayFollow = FOLLOWS[name];
    if (first.kind === "word" && mayFollow !== undefined && !mayFollow.includes(level.last))
      report(`${name} follows no ${mayFollow.join(" or ")}`);
    level.last = first.kind === "word" ? name : "";
    opensBlock = false;
    if (first.kind === "word" && BLOCK.has(name)) {
      const colon = words.findLastIndex((token) => token.text === ":" && token.depth === first.depth);
      if (colon < 0) report(`the ${name} line has no colon`);
      opensBlock = colon === words.length - 1;
    } else if (
      first.kind === "word" &&
      /^(?:match|case)$/.test(name) &&
      words.at(-1)?.text === ":" &&
      second?.text !== "="
    )
      opensBlock = true;
    if (FOREIGN.has(first.text) && second?.kind === "word") report(`${first.text} begins no Python statement`);
    const last = words.at(-1) ?? first;
    if (UNFINISHED.has(last.text) && last.kind !== "string") report(`the statement ends with ${last.text}`, last);
    if (last.text === ";" || (last.text === "{" && last.depth === 0))
      report(`the statement ends with ${last.text}`, last);
  }
  if (opensBlock)
    problems.push({ line: lines.at(-1)?.tokens[0]?.line ?? 1, column: 1, message: "an indented block is missing" });
  return tokenCheck(PROVES, problems);
}

/** Lines joined inside brackets and after a backslash; blank lines are left out. Tabs go to the next multiple of eight. */
function logicalLines(code: string, tokens: readonly Token[]): Line[] {
  const source = code.split("\n");
  const lines: Line[] = [];
  let current: Token[] = [];
  const close = (): void => {
    const first = current.find((token) => token.text !== "\\");
    if (first !== undefined) {
      const lead = /^[ \t]*/.exec(source[first.line - 1] ?? "")?.[0] ?? "";
      const indent = [...lead.matchAll(/./g)].reduce(
        (width, [character]) => (character === "\t" ? width - (width % 8) + 8 : width + 1),
        0,
      );
      lines.push({ tokens: current.filter((token) => token.text !== "\\"), indent });
    }
    current = [];
  };
  for (const token of tokens) {
    if (token.kind !== "newline") current.push(token);
    else if (token.depth === 0 && current.at(-1)?.text !== "\\") close();
  }
  close();
  return lines;
}
