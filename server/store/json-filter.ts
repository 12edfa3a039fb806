import { type Expression, type SqlBool, sql } from "kysely";

/**
 * Conditions for "this JSON column contains that object": every leaf of `wanted` must be there with the same value,
 * other keys do not matter. Arrays are compared whole. A key SQLite cannot address as a path never matches.
 */
export function jsonContains(column: string, wanted: Readonly<Record<string, unknown>>): Expression<SqlBool>[] {
  return leaves(wanted, "$").map(([path, value]) =>
    path === undefined ? sql<SqlBool>`1 = 0` : sql<SqlBool>`${sql.ref(column)} -> ${path} = ${JSON.stringify(value)}`,
  );
}

/** Whether SQLite can address the key in a path, in quotes. */
export function isJsonPathKey(key: string): boolean {
  return !/["\\\u0000-\u001f]/.test(key);
}

function leaves(
  value: Readonly<Record<string, unknown>>,
  prefix: string,
): [path: string | undefined, value: unknown][] {
  return Object.entries(value).flatMap(([key, child]): [string | undefined, unknown][] => {
    if (child === undefined) return [];
    if (!isJsonPathKey(key)) return [[undefined, child]];
    const path = `${prefix}."${key}"`;
    const isObject = typeof child === "object" && child !== null && !Array.isArray(child);
    if (!isObject) return [[path, child]];
    // Narrowed to a plain JSON object just above.
    return leaves(child as Record<string, unknown>, path);
  });
}
