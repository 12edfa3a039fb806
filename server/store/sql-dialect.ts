import { type Compilable, type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";

import { compareSqliteJson, containsSqliteJson } from "./json-filter.ts";
import type { Database } from "./schema.ts";

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
  /**
   * Executes a selection of runs. Where several processes may ask at once, it leaves out those that another transaction is
   * about to take, and holds the others and their threads until its own ends.
   */
  readonly lockRuns: (db: Kysely<Database>, query: RunSelection) => Promise<readonly RunKey[]>;
  /** At the end of a selection: what was found stays as it is until the transaction ends. */
  readonly forShare: RawBuilder<unknown>;
  /** Whether tables are gone through in the order of a `cross join`; else the engine knows by its statistics which is best. */
  readonly isJoinOrderKept: boolean;
}

export interface RunKey {
  readonly run_id: string;
  readonly thread_id: string;
}

export type RunSelection = Compilable<RunKey> & Expression<RunKey> & { execute(): Promise<RunKey[]> };

export const sqliteDialect: SqlDialect = {
  jsonContains: containsSqliteJson,
  jsonCompare: compareSqliteJson,
  textContains: (column, part) => sql<SqlBool>`instr(lower(${sql.ref(column)}), lower(${part})) > 0`,
  // One connection, whose transactions run one after another.
  lockRuns: (_db, query) => query.execute(),
  forShare: sql``,
  isJoinOrderKept: true,
};
