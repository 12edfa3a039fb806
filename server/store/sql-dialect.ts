import { type Expression, type SqlBool, sql } from "kysely";

import { compareSqliteJson, containsSqliteJson } from "./json-filter.ts";

export type JsonComparison = "$ne" | "$gt" | "$gte" | "$lt" | "$lte";

/** Conditions the engines have different words for. */
export interface SqlDialect {
  /**
   * Conditions for "this JSON column contains that object": every leaf of `wanted` must be there with the same value,
   * other keys do not matter. Arrays are compared whole.
   */
  readonly jsonContains: (column: string, wanted: Readonly<Record<string, unknown>>) => Expression<SqlBool>[];
  /** Numbers compare with numbers and texts with texts, by bytes; anything else is false. `$ne` takes any JSON. */
  readonly jsonCompare: (
    column: string,
    field: string,
    comparison: JsonComparison,
    operand: unknown,
  ) => Expression<SqlBool>;
  /** Whether a text column has `part` in it; upper and lower case of ASCII letters are the same. */
  readonly textContains: (column: string, part: string) => Expression<SqlBool>;
}

export const sqliteDialect: SqlDialect = {
  jsonContains: containsSqliteJson,
  jsonCompare: compareSqliteJson,
  textContains: (column, part) => sql<SqlBool>`instr(lower(${sql.ref(column)}), lower(${part})) > 0`,
};
