import { jsonrepair } from "jsonrepair";

import { errorMessage } from "../../../lib/errors.ts";

export type ArgumentsResult =
  | { readonly ok: true; readonly args: Record<string, unknown>; readonly wasRepaired: boolean }
  | { readonly ok: false; readonly problem: string };

/**
 * Arguments of a tool call from the text a model wrote. Empty text is a call without arguments. Text that is nearly
 * JSON (single quotes, trailing commas, missing braces, a string in a string) is repaired; anything else is a problem
 * to tell the model. Never throws.
 */
export function parseToolArguments(text: string): ArgumentsResult {
  const trimmed = text.trim();
  if (trimmed === "") return { ok: true, args: {}, wasRepaired: false };
  const strict = parseObject(() => trimmed);
  if (strict.ok) return { ...strict, wasRepaired: false };
  // Prose is "repaired" into a string or a list by the library; only what is meant as an object is worth repairing.
  if (!/^["'`\s]*\{/.test(trimmed) && !trimmed.startsWith("```")) return strict;
  const repaired = parseObject(() => jsonrepair(trimmed));
  return repaired.ok ? { ...repaired, wasRepaired: true } : strict;
}

function parseObject(
  source: () => string,
): { ok: true; args: Record<string, unknown> } | { ok: false; problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(source());
    if (typeof value === "string") value = JSON.parse(value);
  } catch (error) {
    return { ok: false, problem: `the arguments are not valid JSON: ${errorMessage(error)}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, problem: `the arguments must be one JSON object, got ${JSON.stringify(value).slice(0, 80)}` };
  }
  return { ok: true, args: value as Record<string, unknown> };
}
