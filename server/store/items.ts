import { type Expression, type Kysely, type SqlBool, sql } from "kysely";

import type { Database, ItemRow } from "./schema.ts";
import type { JsonComparison, SqlDialect } from "./sql-dialect.ts";

/** A document of the long-term store. `namespace` has no empty label and no label with a period. */
export interface StoredItem {
  readonly namespace: readonly string[];
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Text vectors of the item; several when several fields are indexed. */
  readonly vectors: readonly Float32Array[];
}

export interface ItemPut {
  readonly namespace: readonly string[];
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Minutes without use after which the item is gone; null keeps it. */
  readonly ttlMinutes: number | null;
  readonly vectors?: readonly Float32Array[];
}

export interface ItemQuery {
  /** Leading labels; empty means every namespace. */
  readonly prefix: readonly string[];
  /** Values that must be equal, or `{$eq, $ne, $gt, $gte, $lt, $lte: value}`. */
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly limit: number;
  readonly offset: number;
}

export interface NamespaceQuery {
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];
  /** Cuts namespaces to this many labels. */
  readonly maxDepth?: number;
  readonly limit: number;
  readonly offset: number;
}

/** Long-term documents by namespace and key. An item whose time is over is never answered. */
export interface ItemStore {
  get(namespace: readonly string[], key: string, nowMs: number): Promise<StoredItem | undefined>;
  /** Adds or replaces; the time of creation stays. */
  put(item: ItemPut, nowMs: number): Promise<void>;
  delete(namespace: readonly string[], key: string): Promise<void>;
  /** Last changed first. */
  search(query: ItemQuery, nowMs: number): Promise<readonly StoredItem[]>;
  /** In the order of their labels; `*` in prefix and suffix stands for any label. */
  namespaces(query: NamespaceQuery, nowMs: number): Promise<readonly (readonly string[])[]>;
  /** Starts the time of these items anew. */
  touch(items: readonly Pick<StoredItem, "namespace" | "key">[], nowMs: number): Promise<void>;
  /** Removes items whose time is over; answers how many. */
  sweep(nowMs: number): Promise<number>;
}

/** Labels never hold a period, so this text orders and prefixes namespaces as their labels do. */
function toPath(namespace: readonly string[]): string {
  return namespace.map((label) => `${label}.`).join("");
}

function toLabels(path: string): string[] {
  return path.split(".").slice(0, -1);
}

const MINUTE_MS = 60_000;

export function createItemStore(db: Kysely<Database>, dialect: SqlDialect): ItemStore {
  const alive = (nowMs: number): Expression<SqlBool> => sql<SqlBool>`(expires_at is null or expires_at > ${nowMs})`;
  return {
    async get(namespace, key, nowMs) {
      const row = await db
        .selectFrom("store_items")
        .selectAll()
        .where("namespace", "=", toPath(namespace))
        .where("key", "=", key)
        .where(alive(nowMs))
        .executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    },
    async put({ namespace, key, value, ttlMinutes, vectors = [] }, nowMs) {
      const changed = {
        value: JSON.stringify(value),
        vectors: vectors.length === 0 ? null : encodeVectors(vectors),
        ttl_minutes: ttlMinutes,
        expires_at: ttlMinutes === null ? null : Math.round(nowMs + ttlMinutes * MINUTE_MS),
        updated_at: nowMs,
      };
      await db
        .insertInto("store_items")
        .values({ namespace: toPath(namespace), key, created_at: nowMs, ...changed })
        .onConflict((conflict) => conflict.columns(["namespace", "key"]).doUpdateSet(changed))
        .execute();
    },
    async delete(namespace, key) {
      await db.deleteFrom("store_items").where("namespace", "=", toPath(namespace)).where("key", "=", key).execute();
    },
    async search({ prefix, filter = {}, limit, offset }, nowMs) {
      let query = db.selectFrom("store_items").selectAll().where(alive(nowMs));
      for (const condition of [...underPrefix(prefix), ...matches(filter, dialect)]) query = query.where(condition);
      const rows = await query
        .orderBy("updated_at", "desc")
        .orderBy("namespace")
        .orderBy("key")
        .limit(limit)
        .offset(offset)
        .execute();
      return rows.map(fromRow);
    },
    async namespaces({ prefix, suffix, maxDepth, limit, offset }, nowMs) {
      const fixed = prefix.slice(0, prefix.includes("*") ? prefix.indexOf("*") : undefined);
      let query = db.selectFrom("store_items").select("namespace").distinct().where(alive(nowMs));
      for (const condition of underPrefix(fixed)) query = query.where(condition);
      const found = new Map<string, readonly string[]>();
      for (const { namespace } of await query.orderBy("namespace").execute()) {
        const labels = toLabels(namespace);
        if (!beginsWith(labels, prefix) || !beginsWith(labels.toReversed(), suffix.toReversed())) continue;
        const cut = labels.slice(0, maxDepth);
        found.set(toPath(cut), cut);
      }
      return [...found.values()].slice(offset, offset + limit);
    },
    async touch(items, nowMs) {
      for (const { namespace, key } of items) {
        await db
          .updateTable("store_items")
          .set({ expires_at: sql<number>`round(${nowMs} + ttl_minutes * ${MINUTE_MS})` })
          .where("namespace", "=", toPath(namespace))
          .where("key", "=", key)
          .where("ttl_minutes", "is not", null)
          .execute();
      }
    },
    async sweep(nowMs) {
      const result = await db.deleteFrom("store_items").where("expires_at", "<=", nowMs).executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}

/** A range instead of a pattern: it uses the index, and no label can be mistaken for a wildcard. */
function underPrefix(prefix: readonly string[]): Expression<SqlBool>[] {
  if (prefix.length === 0) return [];
  const path = toPath(prefix);
  const end = `${path.slice(0, -1)}/`;
  return [sql<SqlBool>`namespace >= ${path} and namespace < ${end}`];
}

const COMPARISONS = ["$ne", "$gt", "$gte", "$lt", "$lte"] as const satisfies readonly JsonComparison[];

/** Keys of a filter that compare instead of being compared with. */
export const FILTER_OPERATORS: readonly string[] = ["$eq", ...COMPARISONS];

function matches(
  filter: Readonly<Record<string, unknown>>,
  { jsonContains, jsonCompare }: SqlDialect,
): Expression<SqlBool>[] {
  return Object.entries(filter).flatMap(([field, wanted]) => {
    const isComparison =
      typeof wanted === "object" &&
      wanted !== null &&
      Object.keys(wanted).length > 0 &&
      Object.keys(wanted).every((key) => FILTER_OPERATORS.includes(key));
    if (!isComparison) return jsonContains("value", { [field]: wanted });
    return Object.entries(wanted).flatMap(([operator, operand]) => {
      const comparison = COMPARISONS.find((known) => known === operator);
      return comparison === undefined
        ? jsonContains("value", { [field]: operand })
        : [jsonCompare("value", field, comparison, operand)];
    });
  });
}

function beginsWith(labels: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length <= labels.length && wanted.every((label, at) => label === "*" || label === labels[at]);
}

function fromRow(row: ItemRow): StoredItem {
  return {
    namespace: toLabels(row.namespace),
    key: row.key,
    // Written by put from an object.
    value: JSON.parse(row.value) as Record<string, unknown>,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    vectors: row.vectors === null ? [] : decodeVectors(row.vectors),
  };
}

/** Length of a vector, then the vectors, as 32-bit little-endian floats. */
function encodeVectors(vectors: readonly Float32Array[]): Buffer {
  const dimensions = vectors[0]?.length ?? 0;
  const all = new Float32Array(1 + vectors.length * dimensions);
  all[0] = dimensions;
  for (const [at, vector] of vectors.entries()) all.set(vector, 1 + at * dimensions);
  return Buffer.from(all.buffer);
}

function decodeVectors(bytes: Uint8Array): Float32Array[] {
  // A copy, because floats must lie at a multiple of four bytes and a row's bytes may not.
  const all = new Float32Array(Uint8Array.from(bytes).buffer);
  const dimensions = all[0] ?? 0;
  if (dimensions === 0) return [];
  return Array.from({ length: (all.length - 1) / dimensions }, (_, at) =>
    all.slice(1 + at * dimensions, 1 + (at + 1) * dimensions),
  );
}
