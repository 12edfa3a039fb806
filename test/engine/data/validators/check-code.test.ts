import { describe, expect, it } from "vitest";

import { createOfflineText } from "../../../../engine/data/text/offline-text.ts";
import { checkCode } from "../../../../engine/data/validators/check-code.ts";

const model = createOfflineText({ seed: 3 });
const CHECKED = [
  "python",
  "javascript",
  "typescript",
  "go",
  "c",
  "cpp",
  "csharp",
  "java",
  "kotlin",
  "scala",
  "swift",
  "rust",
  "ruby",
  "sql:sqlite",
  "sql:tsql",
  "sql:bigquery",
  "sql:mysql",
  "sql:postgres",
  "sql:ansi",
];

describe("code checks", () => {
  it.each<[language: string, code: string]>([
    ["python", "def f(x):\n    return x\n"],
    ["python", "class A:\n\n    x: int = 1\n\n    # a comment\n    def f(self): return {\n  1: 2}\n\nprint(A())"],
    ["python", "try:\n    x = 1\nexcept ValueError as error:\n    raise\nelse:\n    pass\nfinally:\n    pass"],
    ["python", 'def f():\n    """Doc: with a colon\nand a line"""\n    return 1 + \\\n        2'],
    ["python", "if x: y = 1\nelse: y = 2\nz = [i for i in y if i]\nw = lambda a: a"],
    ["python", "x = 'it\\'s' + \"#no comment\"\nmatch x:\n    case 1:\n        pass"],
    ["python", "def f(\n    a: int,\n    b: int,\n) -> int:\n    return a"],
    [
      "sql:ansi",
      "SELECT a, 'it''s' FROM t WHERE x IN (SELECT y FROM u ORDER BY y) GROUP BY a HAVING COUNT(*) > 1 ORDER BY a;",
    ],
    ["sql:postgres", "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT 2 FROM b LIMIT 3"],
    ["sql:postgres", "SELECT EXTRACT(YEAR FROM d) FROM t WHERE a IS DISTINCT FROM b"],
    ["sql:mysql", "SELECT `from` FROM t # comment (\nWHERE x = 'it\\'s'"],
    ["sql:sqlite", "CREATE TABLE t (a INTEGER, b DECIMAL(10, 2)); INSERT INTO t VALUES (1, 2.5); DELETE FROM t;"],
    ["go", 'func f() string { return `a " (` }'],
    ["rust", "fn f<'a>(x: &'a str) -> &'a str { x }"],
  ])("accept %s %j", (language, code) => {
    expect(checkCode(code, language)).toMatchObject({ is_valid: true, validator: "tokens", problems: [] });
  });

  it.each<[language: string, code: string, line: number, message: string]>([
    ["python", "def f(x)\n    return x", 1, "the def line has no colon"],
    ["python", "def f(x):\nreturn x", 2, "an indented block is missing"],
    ["python", "x = 1\n    y = 2", 2, "the line is indented without a block"],
    ["python", "if x:\n        y = 1\n    z = 2", 3, "the indentation matches no block"],
    ["python", "else:\n    pass", 1, "else follows no if or elif or for or while or try or except"],
    ["python", "x = (1, 2", 1, "( is never closed"],
    ["python", "x = [1, 2)", 1, ") does not close the [ of line 1"],
    ["python", 'x = "abc\ny = 1', 1, 'a string that begins with " does not end'],
    ["python", "x = 1 +", 1, "the statement ends with +"],
    ["python", "function f() {\n}", 1, "function begins no Python statement"],
    ["python", "for x in y:", 1, "an indented block is missing"],
    ["python", "  # nothing", 1, "there is no code"],
    ["sql:ansi", "SELEC a FROM t", 1, "SELEC begins no SQL statement"],
    ["sql:ansi", "SELECT a,\nFROM t", 1, "a comma stands before FROM"],
    ["sql:ansi", "SELECT FROM t", 1, "SELECT has no columns"],
    ["sql:ansi", "SELECT a FROM t GROUP BY a WHERE b = 1", 1, "WHERE stands after GROUP"],
    ["sql:ansi", "SELECT a FROM t ORDER a", 1, "ORDER needs BY"],
    ["sql:ansi", "SELECT a FROM t WHERE", 1, "the statement ends with WHERE"],
    ["sql:ansi", "SELECT 'abc FROM t", 1, "a string that begins with ' does not end"],
    ["sql:ansi", "CREATE TABLE t (a DECIMAL(10))", 1, "DECIMAL(10) has no scale; write DECIMAL(precision, scale)"],
    ["sql:ansi", "SELECT (1 FROM t", 1, "( is never closed"],
    ["sql:ansi", "/* no end", 1, "a comment does not end"],
    ["java", "class A { void f() { }", 1, "{ is never closed"],
    ["go", "func f() }", 1, "} closes nothing"],
  ])("refuse %s %j", (language, code, line, message) => {
    const check = checkCode(code, language);
    expect(check?.is_valid).toBe(false);
    expect(check?.problems.map((problem) => `${problem.line}: ${problem.message}`)).toContain(`${line}: ${message}`);
  });

  it.each(CHECKED)("accept what the offline model writes in %s", (language) => {
    for (let row = 0; row < 60; row += 1) {
      const column = { column_type: "llm-code", name: "code", code_lang: language } as const;
      const code = model.generate({
        column,
        prompt: "Write code about Garden Tools",
        record: { topic: "Garden Tools" },
        row,
      });
      expect(typeof code === "string" ? checkCode(code, language)?.problems : code, JSON.stringify(code)).toEqual([]);
    }
  });

  it("claim nothing for languages they cannot read", () => {
    expect(checkCode("case x in a) ;; esac", "bash")).toBeUndefined();
    expect(checkCode("MOVE A TO B.", "cobol")).toBeUndefined();
  });
});
