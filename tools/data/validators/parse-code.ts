import type { SyntaxCheck } from "../../../engine/data/validators/syntax-check.ts";
import { checkJavascript } from "./javascript-syntax.ts";
import { parseSqlite } from "./sqlite-syntax.ts";

/** Checks code with a real parser of its language where there is one; undefined where there is none. Never throws. */
export function parseCode(code: string, language: string): SyntaxCheck | undefined {
  if (language === "javascript" || language === "typescript") return checkJavascript(code, language);
  return language === "sql:sqlite" ? parseSqlite(code) : undefined;
}
