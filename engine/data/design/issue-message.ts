import type { z } from "zod";

import { listNames, nearestName } from "./nearest.ts";
import type { ViolationType } from "./violation.ts";

/** A problem with one field of a config object. */
export interface FieldIssue {
  readonly type: ViolationType;
  /** `params.low: must be a number, not "a"`. */
  readonly message: string;
}

/** What `value` fails of `schema`, all of it, in words. */
export function explainIssues(error: z.core.$ZodError): FieldIssue[] {
  return error.issues.flatMap((issue) => flatten(issue, [])).map(({ issue, path }) => describe(issue, path));
}

/** Passed to each parse, so that messages say what would be right; schemas may say it better themselves. */
export const PARSE_OPTIONS = {
  reportInput: true,
  error: (issue: z.core.$ZodRawIssue): string | undefined => expectation(issue),
} as const;

/** A value as a message shows it: JSON, at most 60 characters. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

interface Located {
  readonly issue: z.core.$ZodIssue;
  readonly path: readonly PropertyKey[];
}

/** Of a union, the alternative that came closest says more than "none fits". */
function flatten(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[]): Located[] {
  const path = [...prefix, ...issue.path];
  if (issue.code !== "invalid_union") return [{ issue, path }];
  const inside = issue.errors
    .filter((alternative) => alternative.length > 0 && alternative.every(isInside))
    .toSorted((left, right) => left.length - right.length)[0];
  return inside === undefined ? [{ issue, path }] : inside.flatMap((nested) => flatten(nested, path));
}

/** A problem within the alternative, not a sign that another one was meant. */
function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === "custom";
}

function describe(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): FieldIssue {
  const isDiscriminator = issue.code === "invalid_union" && "discriminator" in issue;
  const input = isDiscriminator ? fieldOf(issue.input, path.at(-1)) : issue.input;
  const isMissing = input === undefined && (issue.code === "invalid_type" || issue.code === "invalid_value");
  const type = typeOf(issue, isMissing || (isDiscriminator && input === undefined));
  const where = path.length === 0 ? "" : `${pathText(path)}: `;
  const isShown = type === "invalid_value" && input !== undefined && (input === null || typeof input !== "object");
  return { type, message: `${where}${issue.message}${isShown ? `, not ${showValue(input)}` : ""}` };
}

function typeOf(issue: z.core.$ZodIssue, isMissing: boolean): ViolationType {
  if (issue.code === "unrecognized_keys") return "unknown_field";
  return isMissing ? "missing_field" : "invalid_value";
}

/** `conditional_params["qty > 3"].low`, `values[2]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = String(part);
    if (!/^[\w-]+$/.test(name)) return `${text}[${showValue(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") {
    const words = typeWords(issue.expected);
    return issue.input === undefined ? `is missing; it must be ${words}` : `must be ${words}`;
  }
  if (issue.code === "invalid_value") {
    const allowed = (issue.values ?? []).map(String);
    if (issue.input === undefined) return `is missing; it must be one of ${listNames(allowed)}`;
    const near = typeof issue.input === "string" ? nearestName(issue.input, allowed) : undefined;
    return `must be one of ${listNames(allowed)}${near === undefined ? "" : ` (probably "${near}")`}`;
  }
  if (issue.code === "invalid_union" && Array.isArray(issue.options)) {
    const isMissing = fieldOf(issue.input, issue.discriminator) === undefined;
    return `${isMissing ? "is missing; it must" : "must"} be one of ${listNames(issue.options.map(String))}`;
  }
  if (issue.code === "too_small") return sizeRule(issue, issue.minimum, "at least", "more than");
  if (issue.code === "too_big") return sizeRule(issue, issue.maximum, "at most", "less than");
  return undefined;
}

/** `must be at least 1`, `must have exactly 2 entries`. */
function sizeRule(
  issue: { readonly origin?: unknown; readonly inclusive?: unknown; readonly exact?: unknown },
  limit: unknown,
  inclusive: string,
  exclusive: string,
): string {
  const words = issue.exact === true ? "exactly" : issue.inclusive === false ? exclusive : inclusive;
  if (issue.origin === "string") return `must have ${words} ${String(limit)} characters`;
  return issue.origin === "array" ? `must have ${words} ${String(limit)} entries` : `must be ${words} ${String(limit)}`;
}

function typeWords(expected: unknown): string {
  const words: Readonly<Record<string, string>> = {
    string: "text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "an object",
    record: "an object",
    null: "null",
  };
  return words[String(expected)] ?? String(expected);
}

function fieldOf(value: unknown, key: unknown): unknown {
  if (typeof value !== "object" || value === null || typeof key !== "string") return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}
