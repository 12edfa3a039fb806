import { stripTypeScriptTypes } from "node:module";
import { Script } from "node:vm";

import type { SyntaxCheck } from "../../../engine/data/validators/syntax-check.ts";
import { errorMessage } from "../../../lib/errors.ts";

const PROVES = "Node's own parser accepts the syntax; types and names are not checked and nothing is run";
const MAX_CODE_CHARS = 200_000;

/** Checks JavaScript or TypeScript with Node's parsers. The code is compiled at most, never run. Never throws. */
export function checkJavascript(code: string, language: "javascript" | "typescript"): SyntaxCheck {
  if (code.trim() === "") return refused("there is no code", code);
  if (code.length > MAX_CODE_CHARS) return refused(`the code is longer than ${MAX_CODE_CHARS} characters`, code);
  if (language === "typescript") return parseTypescript(code) ?? valid();
  const asScript = compile(code);
  if (asScript === undefined) return valid();
  // A script has no import, export or top-level await; the TypeScript parser reads modules.
  const isModule = /import|export|await/.test(code);
  if (!isModule) return refused(asScript, code);
  const asModule = parseTypescript(code);
  if (asModule !== undefined) return asModule;
  return stripTypeScriptTypes(code) === code ? valid() : refused("there are type annotations in JavaScript", code);
}

function compile(code: string): string | undefined {
  try {
    void new Script(code, { filename: "code.js" });
    return undefined;
  } catch (error) {
    const place = error instanceof Error ? /code\.js:(\d+)/.exec(error.stack ?? "")?.[1] : undefined;
    return `${place === undefined ? "" : `line ${place}: `}${errorMessage(error)}`;
  }
}

function parseTypescript(code: string): SyntaxCheck | undefined {
  try {
    stripTypeScriptTypes(code, { mode: "transform" });
    return undefined;
  } catch (error) {
    return refused(errorMessage(error), code);
  }
}

function valid(): SyntaxCheck {
  return { is_valid: true, validator: "parser", proves: PROVES, problems: [] };
}

function refused(text: string, code: string): SyntaxCheck {
  const line = Number(/line (\d+): /.exec(text)?.[1] ?? 1);
  const message =
    text
      .replace(/^line \d+: /, "")
      .split("\n")
      .find((part) => part.trim() !== "") ?? text;
  return {
    is_valid: false,
    validator: "parser",
    proves: PROVES,
    problems: [{ line: Math.min(line, code.split("\n").length), column: 1, message: message.trim() }],
  };
}
