import path from "node:path";

import { type Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { newUuid } from "../../../lib/ids.ts";
import { MIGRATIONS } from "../../../server/store/migrations.ts";
import { type Storage, openStorage } from "../../../server/store/open-storage.ts";
import { createPostgresKysely } from "../../../server/store/postgres/kysely.ts";
import { createPostgresPool } from "../../../server/store/postgres/pool.ts";
import { createSqliteKysely, openSqlite } from "../../../server/store/sqlite.ts";
import type { Store } from "../../../server/store/store.ts";
import { type ThreadFilter, type ThreadOrder, newThread } from "../../../server/store/threads.ts";
import { type TestPostgres, hasPostgres, schemaOf, startTestPostgres } from "../../support/postgres.ts";
import { createTempFolder } from "../../support/test-app.ts";

const NOW_MS = 1_800_000_000_000;

/** The tables as they were before the metadata of threads had one of its own, with threads in them. */
async function storeOldThreads(
  db: Kysely<never>,
  threads: readonly [threadId: string, metadata: unknown][],
  schema?: string,
) {
  const provider = { getMigrations: () => Promise.resolve(MIGRATIONS) };
  const migrator = new Migrator({ db, provider, ...(schema === undefined ? {} : { migrationTableSchema: schema }) });
  expect((await migrator.migrateTo("0010_deleted_threads")).error).toBeUndefined();
  for (const [threadId, metadata] of threads) {
    await sql`insert into threads (thread_id, status, metadata, config, interrupts, created_at, updated_at, state_updated_at)
      values (${threadId}, 'idle', ${JSON.stringify(metadata)}, '{}', '{}', ${NOW_MS}, ${NOW_MS}, ${NOW_MS})`.execute(
      db,
    );
  }
}

const OLD_THREADS: [string, unknown][] = [
  ["a", { owner: "ann", odd: 'q"\u0000', 'k\u0000"\\': 1, "": null }],
  ["b", { owner: "ann", n: 1, deep: { owner: "bob" }, list: ["ann"] }],
  ["c", {}],
];

const OLD_FILTERS: Record<string, unknown>[] = [
  { owner: "ann" },
  { n: 1, owner: "ann" },
  { "": null },
  { owner: "bob" },
];
const OLD_ANSWERS = [["a", "b"], ["b"], ["a"], []].map((ids) => ({ ids, total: ids.length }));

async function findOldThreads({ threads }: Store): Promise<{ ids: string[]; total: number }[]> {
  const answers = [];
  for (const metadata of OLD_FILTERS) {
    const found = await threads.search({ metadata }, { limit: 9, offset: 0, sortBy: "thread_id", sortOrder: "asc" });
    answers.push({ ids: found.map(({ threadId }) => threadId), total: await threads.count({ metadata }) });
  }
  return answers;
}

/** How many threads Ann and Eve have, after one of Ann's was given to Eve and the other one deleted. */
async function changeOldThreads({ threads }: Store): Promise<number[]> {
  await threads.setMetadata("a", { owner: "eve" }, {}, NOW_MS);
  await threads.delete("b");
  return [await threads.count({ metadata: { owner: "ann" } }), await threads.count({ metadata: { owner: "eve" } })];
}

describe("threads in a SQLite file", () => {
  let folder: { readonly path: string; remove(): void };
  let file: string;
  let storage: Storage | undefined;
  beforeEach(() => {
    folder = createTempFolder();
    file = path.join(folder.path, "nemops.sqlite");
  });
  afterEach(async () => {
    await storage?.close();
    storage = undefined;
    folder.remove();
  });
  const open = async (): Promise<Store> => {
    storage = await openStorage({ home: folder.path });
    return storage.store;
  };

  it("are found by their metadata when an older version stored them", async () => {
    const db = createSqliteKysely<never>(openSqlite(file), file);
    await storeOldThreads(db, OLD_THREADS);
    await db.destroy();
    const store = await open();
    expect(await findOldThreads(store)).toEqual(OLD_ANSWERS);
    expect(await changeOldThreads(store)).toEqual([0, 1]);
  });

  it("are found by their metadata when the process ended while it brought them to the newest shape", async () => {
    const old = createSqliteKysely<never>(openSqlite(file), file);
    await storeOldThreads(old, OLD_THREADS);
    await old.destroy();
    await open();
    await storage?.close();
    const db = openSqlite(file);
    // All steps but the last were done, and nothing says so.
    db.exec(`delete from thread_metadata where thread_id = 'b'; drop index threads_created_id;
      delete from kysely_migration where name >= '0011_thread_metadata'`);
    db.close();
    const store = await open();
    expect(await findOldThreads(store)).toEqual(OLD_ANSWERS);
    expect(await changeOldThreads(store)).toEqual([0, 1]);
  });

  it("are found in every order and on every page when most of them match, or few, or both", async () => {
    const store = await open();
    const db = openSqlite(file);
    // More than are sorted: these are looked for in the order of an index.
    db.exec(`with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n < 2499)
      insert into threads (thread_id, status, metadata, config, interrupts, created_at, updated_at, state_updated_at)
      select printf('t%04d', n), iif(n % 3 = 0, 'error', 'idle'),
        json_object('graph', iif(n % 10 = 0, 'h', 'g'), 'wide', n % 12 > 0, 'half', n % 2, 'ten', n / 10, 'deep', json_object('half', n % 2)), '{}', '{}',
        n * 7919 % 2500, n * 104729 % 100, n * 31 % 2500 from numbers`);
    db.close();
    const all = await store.threads.search({}, { limit: 2_500, offset: 0, sortBy: "thread_id", sortOrder: "asc" });
    expect(all).toHaveLength(2_500);
    const keyOf = {
      thread_id: "threadId",
      status: "status",
      created_at: "createdAtMs",
      updated_at: "updatedAtMs",
      state_updated_at: "stateUpdatedAtMs",
    } as const satisfies Record<ThreadOrder, keyof (typeof all)[number]>;
    const filters: ThreadFilter[] = [
      {},
      { metadata: { graph: "g" } },
      { metadata: { graph: "g", half: 1 } },
      { metadata: { graph: "g", wide: 1 } },
      { metadata: { wide: 1, half: 1, graph: "g", ten: 7 } },
      { metadata: { half: 1, graph: "g", ten: 7 }, status: "error" },
      { metadata: { graph: "g", deep: { half: 0 } } },
      { metadata: { graph: "g" }, status: "error" },
      { metadata: { graph: "other", half: 1 } },
    ];
    for (const filter of filters) {
      const { metadata = {}, status } = filter;
      const matching = all.filter(
        (thread) =>
          (status === undefined || thread.status === status) &&
          Object.entries(metadata).every(
            ([key, value]) => JSON.stringify(thread.metadata[key]) === JSON.stringify(value),
          ),
      );
      expect(await store.threads.count(filter), JSON.stringify(filter)).toBe(matching.length);
      for (const [order, key] of Object.entries(keyOf)) {
        const sorted = matching.toSorted((left, right) =>
          left[key] === right[key] ? (left.threadId < right.threadId ? -1 : 1) : left[key] < right[key] ? -1 : 1,
        );
        for (const sortOrder of ["asc", "desc"] as const) {
          const wanted = (sortOrder === "asc" ? sorted : sorted.toReversed()).map(({ threadId }) => threadId);
          for (const offset of [0, 3, Math.max(0, wanted.length - 5)]) {
            // The keys of an object literal are those of its type.
            const page = { limit: 10, offset, sortBy: order as ThreadOrder, sortOrder };
            const found = (await store.threads.search(filter, page)).map(({ threadId }) => threadId);
            expect(found, JSON.stringify([filter, page])).toEqual(wanted.slice(offset, offset + 10));
          }
        }
      }
    }
  });
});

describe.skipIf(!hasPostgres())("threads in a Postgres", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  it("are found by their metadata when an older version stored them", async () => {
    const databaseUri = await postgres.createSchema();
    const pool = createPostgresPool({ uri: databaseUri });
    const db = createPostgresKysely<never>(pool, "test");
    await storeOldThreads(db, OLD_THREADS, schemaOf(databaseUri));
    await db.destroy();
    await pool.end();
    const storage = await openStorage({ home: "", databaseUri });
    const { store } = storage;
    expect(await findOldThreads(store)).toEqual(OLD_ANSWERS);
    expect(await changeOldThreads(store)).toEqual([0, 1]);
    await storage.close();
  });

  it("are followed from wherever they are changed", async () => {
    const databaseUri = await postgres.createSchema();
    const storage = await openStorage({ home: "", databaseUri });
    const { store } = storage;
    const [kept, deleted] = [newUuid(), newUuid()];
    for (const threadId of [kept, deleted]) await store.threads.insert(newThread(threadId, NOW_MS, { owner: "ann" }));
    // A person at a console, whose unqualified names lie elsewhere.
    const table = `${schemaOf(databaseUri)}.threads`;
    await postgres.query(`delete from ${table} where thread_id = $1`, [deleted]);
    await postgres.query(`update ${table} set metadata = $1`, ['{"owner": "eve"}']);
    expect(await store.threads.count({ metadata: { owner: "ann" } })).toBe(0);
    expect(await store.threads.count({ metadata: { owner: "eve" } })).toBe(1);
    await storage.close();
  });
});
