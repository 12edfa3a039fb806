import { type Scan, type Token, scan } from "./scan.ts";
import { type SyntaxCheck, type SyntaxProblem, tokenCheck } from "./syntax-check.ts";

const PROVES =
  "strings, comments and brackets are closed, every statement begins with a statement keyword, the clauses of queries stand in order and no list ends with a comma; names, types and functions are not looked up and nothing is run";

const single = { open: "'", close: "'", isMultiline: true, isRaw: true };
const double = { open: '"', close: '"', isMultiline: true, isRaw: true };
const backtick = { open: "`", close: "`", isMultiline: true, isRaw: true };
const RULES = { lineComments: ["--"], blockComments: [["/*", "*/"]] as const };

const STATEMENTS = new Set(
  "SELECT INSERT UPDATE DELETE MERGE WITH CREATE ALTER DROP TRUNCATE BEGIN COMMIT ROLLBACK START GRANT REVOKE EXPLAIN DESCRIBE SHOW SET USE VALUES CALL EXEC EXECUTE DECLARE IF WHILE ANALYZE VACUUM PRAGMA COMMENT REPLACE REFRESH COPY SAVEPOINT RELEASE LOCK END RETURN PRINT GO ASSERT EXPORT LOAD TABLE".split(
    " ",
  ),
);

/** In the order of a query. */
const CLAUSES = ["SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT"];
const NEEDS_MORE = new Set(
  "SELECT FROM WHERE BY HAVING SET INTO JOIN ON AND OR NOT VALUES AS LIMIT TABLE , = < > + - /".split(" "),
);

/** Checks SQL by its tokens; `dialect` is `ansi`, `postgres`, `mysql`, `sqlite`, `tsql` or `bigquery`. Empty code is not valid. Never throws. */
export function checkSql(code: string, dialect: string): SyntaxCheck {
  const scanned = scanSql(code, dialect);
  const problems: SyntaxProblem[] = [...scanned.problems];
  const statements = splitStatements(scanned.tokens);
  if (statements.length === 0 && problems.length === 0)
    problems.push({ line: 1, column: 1, message: "there is no statement" });
  for (const tokens of statements) checkStatement(tokens, problems);
  for (const match of code.matchAll(/\bDECIMAL\s*\(\s*\d+\s*\)/gi)) {
    const before = code.slice(0, match.index).split("\n");
    problems.push({
      line: before.length,
      column: (before.at(-1) ?? "").length + 1,
      message: `${match[0]} has no scale; write DECIMAL(precision, scale)`,
    });
  }
  return tokenCheck(PROVES, problems);
}

function scanSql(code: string, dialect: string): Scan {
  const escaped = { open: "'", close: "'", isMultiline: true };
  const strings =
    dialect === "bigquery"
      ? [{ open: "'''", close: "'''", isMultiline: true }, { open: '"""', close: '"""', isMultiline: true }, escaped]
      : dialect === "mysql"
        ? [escaped]
        : [single];
  const dollar = dialect === "postgres" ? [{ open: "$$", close: "$$", isMultiline: true, isRaw: true }] : [];
  const comments = dialect === "mysql" || dialect === "bigquery" ? [...RULES.lineComments, "#"] : RULES.lineComments;
  return scan(code, { ...RULES, lineComments: comments, strings: [...dollar, ...strings, double, backtick] });
}

function splitStatements(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "newline") continue;
    if (token.text === ";" && token.depth === 0) statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((statement) => statement.length > 0);
}

function checkStatement(tokens: readonly Token[], problems: SyntaxProblem[]): void {
  const [first] = tokens;
  const last = tokens.at(-1);
  if (first === undefined || last === undefined) return;
  const report = ({ line, column }: Token, message: string): void => void problems.push({ line, column, message });
  if (first.text !== "(" && !(first.kind === "word" && STATEMENTS.has(first.text.toUpperCase())))
    report(first, `${first.text} begins no SQL statement`);
  if (last.kind !== "string" && NEEDS_MORE.has(last.text.toUpperCase()))
    report(last, `the statement ends with ${last.text}`);
  /** The last clause seen at each depth of brackets. */
  const places = new Map<number, number>();
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1];
    const word = token.kind === "word" ? token.text.toUpperCase() : token.text;
    if (token.text === "(") places.delete(token.depth + 1);
    if (
      token.text === "," &&
      next !== undefined &&
      (/^(?:FROM|WHERE|GROUP|ORDER|HAVING)$/i.test(next.text) || next.text === ")" || next.text === ",")
    ) {
      report(token, `a comma stands before ${next.text}`);
    }
    if (token.kind !== "word") continue;
    const place = CLAUSES.indexOf(word);
    if (/^(?:UNION|INTERSECT|EXCEPT)$/.test(word)) places.delete(token.depth);
    if (place < 0 || isOtherUse(word, tokens[at - 1], next)) continue;
    const before = places.get(token.depth);
    if (place === 0) places.set(token.depth, 0);
    else if (before !== undefined) {
      if (place <= before) report(token, `${word} stands after ${CLAUSES[before]}`);
      places.set(token.depth, place);
    }
    if (word === "SELECT" && /^(?:FROM|WHERE|,)$/i.test(next?.text ?? "")) report(token, "SELECT has no columns");
    if ((word === "GROUP" || word === "ORDER") && next?.text.toUpperCase() !== "BY") report(token, `${word} needs BY`);
  }
}

/** `DISTINCT FROM`, `EXTRACT(… FROM …)` and clause words used as names. */
function isOtherUse(word: string, before: Token | undefined, next: Token | undefined): boolean {
  if (before?.text === "." || next?.text === ".") return true;
  if (word === "FROM" && before?.text.toUpperCase() === "DISTINCT") return true;
  return word === "GROUP" && /^(?:WITHIN)$/i.test(before?.text ?? "");
}
