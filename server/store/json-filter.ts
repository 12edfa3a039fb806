import { type Expression, type SqlBool, sql } from "kysely";

import type { JsonComparison } from "./sql-dialect.ts";

/** The leaves of an object, each with the keys that lead to it. An empty object has none; an array is one leaf. */
export function jsonLeaves(
  wanted: Readonly<Record<string, unknown>>,
  prefix: readonly string[] = [],
): [path: readonly string[], value: unknown][] {
  return Object.entries(wanted).flatMap(([key, child]): [readonly string[], unknown][] => {
    if (child === undefined) return [];
    const path = [...prefix, key];
    const isObject = typeof child === "object" && child !== null && !Array.isArray(child);
    // Narrowed to a plain JSON object just above.
    return isObject ? jsonLeaves(child as Record<string, unknown>, path) : [[path, child]];
  });
}

export const COMPARISON_SIGNS = { $gt: ">", $gte: ">=", $lt: "<", $lte: "<=" } as const;

/** On SQLite. A key it cannot address as a path never matches. */
export function containsSqliteJson(column: string, wanted: Readonly<Record<string, unknown>>): Expression<SqlBool>[] {
  return jsonLeaves(wanted).map(([path, value]) =>
    path.every(isJsonPathKey)
      ? sql<SqlBool>`${sql.ref(column)} -> ${toSqlitePath(path)} = ${JSON.stringify(value)}`
      : sql<SqlBool>`1 = 0`,
  );
}

export function compareSqliteJson(
  column: string,
  field: string,
  comparison: JsonComparison,
  operand: unknown,
): Expression<SqlBool> {
  if (!isJsonPathKey(field)) return comparison === "$ne" ? sql<SqlBool>`1 = 1` : sql<SqlBool>`1 = 0`;
  const path = toSqlitePath([field]);
  const json = sql.ref(column);
  if (comparison === "$ne") return sql<SqlBool>`${json} -> ${path} is not ${JSON.stringify(operand)}`;
  if (typeof operand !== "number" && typeof operand !== "string") return sql<SqlBool>`1 = 0`;
  // SQLite would order any number before any text.
  const types = typeof operand === "number" ? sql`('integer', 'real')` : sql`('text')`;
  const sign = sql.raw(COMPARISON_SIGNS[comparison]);
  return sql<SqlBool>`json_type(${json}, ${path}) in ${types} and ${json} ->> ${path} ${sign} ${operand}`;
}

function toSqlitePath(keys: readonly string[]): string {
  return `$${keys.map((key) => `."${key}"`).join("")}`;
}

/** Whether SQLite can address the key in a path, in quotes. */
export function isJsonPathKey(key: string): boolean {
  return !/["\\\u0000-\u001f]/.test(key);
}
