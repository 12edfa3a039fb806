import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";

import { COMPARISON_SIGNS, jsonLeaves } from "../json-filter.ts";
import type { RunKey, SqlDialect } from "../sql-dialect.ts";

/**
 * JSON lies in text columns, which keep it as it was written; `jsonb` refuses U+0000 and lone surrogates, which JSON text
 * has as escapes. Where a filter reads a column they are replaced, so that one odd row cannot fail every search.
 */
function toJsonb(text: Expression<unknown>): RawBuilder<unknown> {
  const refused = String.raw`(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})`;
  const replaced = String.raw`\1\\ufffd`;
  return sql`(case when strpos(${text}, ${sql.lit("\\u")}) = 0 then ${text}
    else regexp_replace(${text}, ${sql.lit(refused)}, ${sql.lit(replaced)}, 'g') end)::jsonb`;
}

function operandJsonb(value: unknown): RawBuilder<unknown> {
  return toJsonb(sql`${JSON.stringify(value)}::text`);
}

/** One step for each key, because `#>` would take a key of digits for a place in an array. */
function at(column: string, keys: readonly string[]): RawBuilder<unknown> {
  // A key with U+0000 cannot be sent; in the column it was replaced as well.
  const steps = keys.map((key) => sql` -> ${key.replaceAll("\u0000", "\ufffd")}::text`);
  return sql`(${toJsonb(sql.ref(column))}${sql.join(steps, sql``)})`;
}

/** Number of the advisory lock of a name, such as the id of a thread: every schema has its own. */
export function lockKey(name: Expression<unknown>): RawBuilder<unknown> {
  return sql`hashtextextended(current_schema() || ${name}, 0)`;
}

export const postgresDialect: SqlDialect = {
  jsonContains: (column, wanted) =>
    jsonLeaves(wanted).map(([path, value]) => sql<SqlBool>`${at(column, path)} = ${operandJsonb(value)}`),
  jsonCompare(column, field, comparison, operand) {
    const found = at(column, [field]);
    if (comparison === "$ne") return sql<SqlBool>`${found} is distinct from ${operandJsonb(operand)}`;
    const sign = sql.raw(COMPARISON_SIGNS[comparison]);
    // `case` and not `and`: the engine may look at the second half of an `and` first and fail to read a number.
    if (typeof operand === "number") {
      return sql<SqlBool>`case when jsonb_typeof(${found}) = 'number' then ${found}::numeric ${sign} ${operand}::numeric else false end`;
    }
    if (typeof operand !== "string") return sql<SqlBool>`1 = 0`;
    const text = operand.replaceAll("\u0000", "\ufffd");
    return sql<SqlBool>`case when jsonb_typeof(${found}) = 'string' then (${found} #>> '{}') collate "C" ${sign} ${text}::text else false end`;
  },
  textContains: (column, part) =>
    part.includes("\u0000")
      ? sql<SqlBool>`1 = 0`
      : sql<SqlBool>`strpos(lower(${sql.ref(column)}), lower(${part}::text)) > 0`,
  // Locks of threads are those of `Store.transaction`; one that is taken is not waited for.
  lockRuns: async (db, query) => {
    const locked = sql<RunKey>`with found as materialized (${query} for update of r skip locked)
      select run_id, thread_id from found where pg_try_advisory_xact_lock(${lockKey(sql.ref("thread_id"))})`;
    return (await locked.execute(db)).rows;
  },
  forShare: sql`for share`,
  isJoinOrderKept: false,
};
