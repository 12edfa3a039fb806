import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";

import type { Page } from "./assistants.ts";
import { jsonLeaves } from "./json-filter.ts";
import { metadataEntry } from "./metadata-entry.ts";
import type { Database, ThreadRow } from "./schema.ts";
import type { SqlDialect } from "./sql-dialect.ts";
import type { ThreadFilter, ThreadOrder } from "./threads.ts";

/** Entries of one filter that are looked up in the index; the metadata of what they find is compared with the others. */
const MAX_ENTRIES = 8;

/** Up to so many threads are fetched and sorted for a page; of more, the threads are gone through in the order asked for. */
const MAX_CANDIDATES = 2_000;

export interface ThreadSearch {
  search(filter: ThreadFilter, page: Page<ThreadOrder>): Promise<readonly ThreadRow[]>;
  count(filter: ThreadFilter): Promise<number>;
}

/** What to look up and what to compare, before it is known in which order. */
interface Conditions {
  /** Of `thread_metadata`. */
  readonly entries: readonly string[];
  /** Of the columns of `threads`. */
  readonly columns: readonly Expression<SqlBool>[];
}

interface Sources {
  readonly from: RawBuilder<unknown>;
  readonly where: RawBuilder<unknown>;
}

/** Finds threads by what a filter names. Equality at the top level of metadata uses `thread_metadata`. */
export function createThreadSearch(db: Kysely<Database>, dialect: SqlDialect): ThreadSearch {
  /** How many threads have the entry, at most one more than are sorted. */
  const countUpTo = async (entry: string): Promise<number> => {
    const some = sql<{ total: number }>`select count(*) as total from
      (select 1 from thread_metadata where entry = ${entry} limit ${MAX_CANDIDATES + 1}) as some`;
    return (await some.execute(db)).rows[0]?.total ?? 0;
  };

  /** The tables in the order to go through them; undefined when nothing can be found. */
  const order = async ({ entries, columns }: Conditions, needsThreads: boolean): Promise<Sources | undefined> => {
    if (!dialect.isJoinOrderKept || entries.length === 0)
      return join(entries, columns, needsThreads ? "first" : "none");
    const sized: { entry: string; size: number }[] = [];
    for (const entry of entries) sized.push({ entry, size: await countUpTo(entry) });
    const rarestFirst = sized.toSorted((left, right) => left.size - right.size);
    const least = rarestFirst[0]?.size ?? 0;
    if (least === 0) return undefined;
    const place = !needsThreads ? "none" : least > MAX_CANDIDATES ? "first" : "last";
    return join(
      rarestFirst.map(({ entry }) => entry),
      columns,
      place,
    );
  };

  return {
    async search(filter, { limit, offset, sortBy, sortOrder }) {
      const sources = await order(toConditions(filter, dialect), true);
      if (sources === undefined) return [];
      const direction = sql.raw(sortOrder === "asc" ? "asc" : "desc");
      const sortedBy = (table: string): RawBuilder<unknown> =>
        sql`order by ${sql.ref(`${table}.${sortBy}`)} ${direction}, ${sql.ref(`${table}.thread_id`)} ${direction}`;
      // Ids first: what is sorted or skipped is not read, and a thread's state can be large.
      const page = sql<ThreadRow>`select found.* from
        (select threads.thread_id from ${sources.from} where ${sources.where} ${sortedBy("threads")}
          limit ${limit} offset ${offset}) as page
        cross join threads as found where found.thread_id = page.thread_id ${sortedBy("found")}`;
      return (await page.execute(db)).rows;
    },
    async count(filter) {
      const conditions = toConditions(filter, dialect);
      const needsThreads = conditions.columns.length > 0 || conditions.entries.length === 0;
      const sources = await order(conditions, needsThreads);
      if (sources === undefined) return 0;
      const counted = sql<{ total: number }>`select count(*) as total from ${sources.from} where ${sources.where}`;
      return (await counted.execute(db)).rows[0]?.total ?? 0;
    },
  };
}

function toConditions({ ids, status, metadata, values }: ThreadFilter, dialect: SqlDialect): Conditions {
  const columns: Expression<SqlBool>[] = [];
  if (ids !== undefined) columns.push(sql<SqlBool>`threads.thread_id in (${sql.join(ids.length === 0 ? [""] : ids)})`);
  if (status !== undefined) columns.push(sql<SqlBool>`threads.status = ${status}`);
  const entries: string[] = [];
  for (const [path, value] of jsonLeaves(metadata ?? {})) {
    // Of threads that are named, the metadata is read at once.
    const entry = ids === undefined && entries.length < MAX_ENTRIES ? metadataEntry(path, value) : undefined;
    if (entry === undefined) columns.push(...dialect.jsonContains("threads.metadata", nest(path, value)));
    else entries.push(entry);
  }
  columns.push(...dialect.jsonContains("threads.values", values ?? {}));
  return { entries, columns };
}

/** Every table has at most one row of a thread for an entry, so that a thread is found once. */
function join(
  entries: readonly string[],
  columns: readonly Expression<SqlBool>[],
  threadsAt: "first" | "last" | "none",
): Sources {
  const names = entries.map((_, at) => `entry_${at}`);
  const tables = names.map((name) => sql`thread_metadata as ${sql.ref(name)}`);
  const threads = sql`threads`;
  const from = threadsAt === "first" ? [threads, ...tables] : threadsAt === "last" ? [...tables, threads] : tables;
  const [first = "threads"] = threadsAt === "first" ? ["threads"] : names;
  const others = [...names, ...(threadsAt === "none" ? [] : ["threads"])].filter((name) => name !== first);
  const where = [
    ...entries.map((entry, at) => sql`${sql.ref(`entry_${at}.entry`)} = ${entry}`),
    ...others.map((name) => sql`${sql.ref(`${name}.thread_id`)} = ${sql.ref(`${first}.thread_id`)}`),
    ...columns,
  ];
  return {
    from: sql.join(from, sql` cross join `),
    where: where.length === 0 ? sql`1 = 1` : sql.join(where, sql` and `),
  };
}

function nest(path: readonly string[], value: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(path.slice(0, 1).map((key) => [key, path.length > 1 ? nest(path.slice(1), value) : value]));
}
