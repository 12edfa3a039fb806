import { checkPython } from "./python.ts";
import { type ScanRules, scan } from "./scan.ts";
import { checkSql } from "./sql.ts";
import { type SyntaxCheck, tokenCheck } from "./syntax-check.ts";

const PROVES = "strings, comments and brackets are closed; the language's grammar is not checked and nothing is run";

const double = { open: '"', close: '"' };
const single = { open: "'", close: "'" };
const tripled = { open: '"""', close: '"""', isMultiline: true };
const template = { open: "`", close: "`", isMultiline: true };
const C_COMMENTS = { lineComments: ["//"], blockComments: [["/*", "*/"]] as const };

const RULES: Readonly<Record<string, ScanRules>> = {
  javascript: { ...C_COMMENTS, strings: [double, single, template] },
  typescript: { ...C_COMMENTS, strings: [double, single, template] },
  go: { ...C_COMMENTS, strings: [double, single, { ...template, isRaw: true }] },
  c: { ...C_COMMENTS, strings: [double, single] },
  cpp: { ...C_COMMENTS, strings: [double, single] },
  csharp: {
    ...C_COMMENTS,
    strings: [tripled, { open: '@"', close: '"', isMultiline: true, isRaw: true }, double, single],
  },
  java: { ...C_COMMENTS, strings: [tripled, double, single] },
  kotlin: { ...C_COMMENTS, strings: [tripled, double, single] },
  scala: { ...C_COMMENTS, strings: [tripled, double] },
  swift: { ...C_COMMENTS, strings: [tripled, double] },
  // Lifetimes ('a) are no strings, so single quotes are left alone.
  rust: { ...C_COMMENTS, strings: [{ ...double, isMultiline: true }] },
  ruby: {
    lineComments: ["#"],
    blockComments: [],
    strings: [
      { ...double, isMultiline: true },
      { ...single, isMultiline: true },
    ],
  },
};

/**
 * Checks code without running it, as far as its tokens tell: Python and SQL by statements, C-like languages and Ruby by
 * strings and brackets. Undefined for a language that nothing here can check (bash and COBOL, whose brackets need not match).
 */
export function checkCode(code: string, language: string): SyntaxCheck | undefined {
  if (language === "python") return checkPython(code);
  if (language.startsWith("sql")) return checkSql(code, language.slice("sql:".length));
  const rules = RULES[language];
  if (rules === undefined) return undefined;
  if (code.trim() === "") return tokenCheck(PROVES, [{ line: 1, column: 1, message: "there is no code" }]);
  return tokenCheck(PROVES, scan(code, rules).problems);
}
