import type { JsonValue } from "../../../../engine/data/table.ts";

export type Records = readonly Readonly<Record<string, JsonValue>>[];

/**
 * Rows from what pandas writes and reads: a list of records, or a table by column, `{column: [values]}` or
 * `{column: {row label: value}}`. Undefined for anything else.
 */
export function readRecords(value: unknown): Records | undefined {
  if (Array.isArray(value)) {
    // What JSON.parse answers holds JSON values only.
    return value.every(isObject) ? (value as Records) : undefined;
  }
  if (!isObject(value)) return undefined;
  const columns = Object.entries(value).map(([name, cells]) => ({ name, cells: readCells(cells) }));
  if (columns.length === 0) return [];
  const labels = new Set<string>();
  for (const { cells } of columns) {
    if (cells === undefined) return undefined;
    for (const label of cells.keys()) labels.add(label);
  }
  return [...labels].map((label) =>
    Object.fromEntries(columns.map(({ name, cells }) => [name, cells?.get(label) ?? null])),
  );
}

function readCells(cells: unknown): Map<string, JsonValue> | undefined {
  if (Array.isArray(cells)) return new Map(cells.map((cell: JsonValue, at) => [String(at), cell]));
  // What JSON.parse answers holds JSON values only.
  return isObject(cells) ? new Map(Object.entries(cells as Record<string, JsonValue>)) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
