import { isJsonPathKey } from "./json-filter.ts";

/** As in the migration that made `thread_metadata`. */
const MAX_BYTES = 1_024;

/**
 * The row of `thread_metadata` that every thread has whose metadata holds `value` there, and no other thread; undefined when
 * the table cannot tell: for nested values, for lists and fractions, and where JSON would escape characters.
 */
export function metadataEntry([key = "", ...deeper]: readonly string[], value: unknown): string | undefined {
  if (deeper.length > 0 || !isJsonPathKey(key) || !key.isWellFormed()) return undefined;
  const json = plainJson(value);
  if (json === undefined) return undefined;
  const entry = `${key}:${json}`;
  return Buffer.byteLength(entry) <= MAX_BYTES ? entry : undefined;
}

function plainJson(value: unknown): string | undefined {
  if (typeof value === "string") return JSON.stringify(value) === `"${value}"` ? `"${value}"` : undefined;
  if (value === null || typeof value === "boolean" || Number.isSafeInteger(value)) return JSON.stringify(value);
  return undefined;
}
