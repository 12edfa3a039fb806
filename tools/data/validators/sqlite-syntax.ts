import { createRequire } from "node:module";

import type Database from "better-sqlite3";

import type { SyntaxCheck } from "../../../engine/data/validators/syntax-check.ts";
import { errorMessage } from "../../../lib/errors.ts";

const PROVES =
  "SQLite's own parser accepts the statements; names of tables, columns and functions are not looked up and nothing is run";
const MAX_CODE_CHARS = 200_000;

/** What SQLite says of code that it could not read, other than of names that its empty database does not have. */
const SYNTAX_ERROR =
  /syntax error|unrecognized token|incomplete input|parser stack overflow|Expression tree is too large/i;
/** Statements that can act while they are compiled, or whose body holds statements of its own. */
const NOT_PARSED = /^\s*(?:PRAGMA|ATTACH|DETACH|CREATE\s+(?:TEMP(?:ORARY)?\s+)?TRIGGER)\b/im;

let database: Database.Database | undefined;

/** The native part is loaded with the first check: every thread that makes rows imports this file, few check SQL. */
function openDatabase(): Database.Database {
  // What the package is declared to export.
  const Sqlite = createRequire(import.meta.url)("better-sqlite3") as typeof Database;
  return new Sqlite(":memory:");
}

/**
 * Checks SQL with the parser of SQLite: statements are compiled against an empty database in memory, one by one, and
 * never run. Undefined for code without a statement, and with statements that are not compiled here. Never throws.
 */
export function parseSqlite(code: string): SyntaxCheck | undefined {
  const statements = splitStatements(code);
  if (statements.length === 0 || code.length > MAX_CODE_CHARS || NOT_PARSED.test(code)) return undefined;
  database ??= openDatabase();
  for (const { text, line } of statements) {
    try {
      void database.prepare(text);
    } catch (error) {
      const message = errorMessage(error);
      if (!SYNTAX_ERROR.test(message)) continue;
      return { is_valid: false, validator: "parser", proves: PROVES, problems: [{ line, column: 1, message }] };
    }
  }
  return { is_valid: true, validator: "parser", proves: PROVES, problems: [] };
}

/** Statements with the line they begin in. Semicolons in strings, names and comments end none. */
function splitStatements(code: string): { text: string; line: number }[] {
  const parts = code.matchAll(/(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|[^;])+/g);
  return [...parts].flatMap(({ 0: text, index }) => {
    const lead = /^(?:\s|--[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(text)?.[0].length ?? 0;
    if (lead === text.length) return [];
    return [{ text, line: code.slice(0, index + lead).split("\n").length }];
  });
}
