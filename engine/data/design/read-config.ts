import { parseDocument } from "yaml";

import { errorMessage } from "../../../lib/errors.ts";
import { showValue } from "./issue-message.ts";
import { violationError } from "./violation.ts";
import type { Violation } from "./violation.ts";

/** Longest design text; a design of a thousand columns is a tenth of it. */
export const MAX_DESIGN_CHARACTERS = 8_000_000;
/** Deepest nesting of a design; the deepest legitimate part is a JSON Schema. */
export const MAX_DESIGN_DEPTH = 64;

export type ConfigObject = Readonly<Record<string, unknown>>;

/** What files keep a config under: those of the original library, and the answer of `nemops dataset design --json`. */
const WRAPPERS = ["data_designer", "design"] as const;

/** The config object in JSON text, YAML text or an object, without what files wrap it in. Never throws. */
export function readConfig(input: unknown): { config?: ConfigObject; violation?: Violation } {
  const read = typeof input === "string" ? readText(input) : { value: input };
  if (read.violation !== undefined) return { violation: read.violation };
  if (isTooDeep(read.value)) return unreadable(`it is nested deeper than ${MAX_DESIGN_DEPTH} levels`);
  if (!isConfigObject(read.value)) {
    return unreadable(`it must be an object with a list "columns", not ${showValue(read.value)}`);
  }
  return { config: unwrap(read.value) };
}

function unwrap(value: ConfigObject): ConfigObject {
  if ("columns" in value) return value;
  return WRAPPERS.map((name) => value[name]).find(isConfigObject) ?? value;
}

export function isConfigObject(value: unknown): value is ConfigObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readText(text: string): { value?: unknown; violation?: Violation } {
  if (text.length > MAX_DESIGN_CHARACTERS) {
    return unreadable(`it has ${text.length} characters; at most ${MAX_DESIGN_CHARACTERS} are read`);
  }
  if (text.trim() === "") return unreadable("it is empty");
  const isJson = /^\s*\{/.test(text);
  try {
    if (isJson) return { value: JSON.parse(text) };
  } catch {
    // Relaxed JSON (comments aside) is YAML, whose parser also names the place of an error.
  }
  try {
    const document = parseDocument(text, { schema: "core", prettyErrors: true });
    const problem = document.errors[0];
    if (problem !== undefined) return unreadable(firstLine(problem.message), isJson ? "JSON" : "JSON or YAML");
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return unreadable(firstLine(errorMessage(error)));
  }
}

/** Walks without recursion, so that a hostile depth costs no stack; a circle is deeper than any limit. */
function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= MAX_DESIGN_DEPTH; depth += 1) {
    level = level.flatMap((item): unknown[] => (typeof item === "object" && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
    if (level.length > 4_000_000) return true;
  }
  return true;
}

function unreadable(reason: string, format = "JSON or YAML"): { violation: Violation } {
  return { violation: violationError("unreadable_design", null, `the design cannot be read as ${format}: ${reason}`) };
}

function firstLine(message: string): string {
  return message.split("\n")[0]?.replace(/:$/, "") ?? message;
}
