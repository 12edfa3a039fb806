import { createHash, randomBytes } from "node:crypto";
import { cpSync } from "node:fs";
import path from "node:path";

import { Client } from "pg";
import { afterAll } from "vitest";

import { SILENT_BUS } from "../../server/replicas/bus.ts";
import { createCheckpointer } from "../../server/store/checkpointer.ts";
import { type Storage, openStorage } from "../../server/store/open-storage.ts";
import { createSoleRunGuard } from "../../server/store/run-guard.ts";
import { createStore } from "../../server/store/store.ts";
import { schemaOf, withSchema } from "./postgres.ts";

/** Schemas that outlive their storage, because the next app with the same home finds them again. */
const kept = new Set<string>();
afterAll(async () => {
  const url = process.env["TEST_POSTGRES_URL"];
  if (url === undefined) return;
  for (const schema of kept) await execute(url, `drop schema if exists ${schema} cascade`);
  kept.clear();
});

/**
 * What a test app keeps: SQLite, or a schema of the Postgres that `TEST_POSTGRES_URL` names. What lies in `home` is there
 * again for the next app with the same one; without it the storage is new and its end drops it.
 */
export async function openTestStorage(home: string | undefined): Promise<Storage> {
  const url = process.env["TEST_POSTGRES_URL"];
  return url === undefined ? openFiles(home) : openSchema(url, home);
}

async function openFiles(home: string | undefined): Promise<Storage> {
  const store = await createStore({ path: home === undefined ? ":memory:" : path.join(home, "nemops.db") });
  const checkpointer = createCheckpointer({
    path: home === undefined ? ":memory:" : path.join(home, "checkpoints.db"),
  });
  return {
    store,
    checkpointer,
    guard: createSoleRunGuard(),
    bus: SILENT_BUS,
    async close() {
      await store.close();
      await checkpointer.close();
    },
  };
}

async function openSchema(url: string, home: string | undefined): Promise<Storage> {
  const uri = withSchema(url, home === undefined ? `test_${randomBytes(8).toString("hex")}` : schemaOfHome(home));
  if (home !== undefined) kept.add(schemaOf(uri));
  await execute(url, `create schema if not exists ${schemaOf(uri)}`);
  const storage = await openStorage({ home: "", databaseUri: uri });
  return {
    ...storage,
    async close() {
      await storage.close();
      if (home === undefined) await execute(url, `drop schema ${schemaOf(uri)} cascade`);
    },
  };
}

/** What lies in the home `from` now, for the home `to`: what another process would find if this one died here. */
export async function copyTestStorage(from: string, to: string): Promise<void> {
  const url = process.env["TEST_POSTGRES_URL"];
  if (url === undefined) {
    cpSync(from, to, { recursive: true });
    return;
  }
  const [source, target] = [schemaOfHome(from), schemaOfHome(to)];
  await (await openSchema(url, to)).close();
  // One statement sees one moment. The tables are the same in both, so their columns are in the same order.
  await execute(
    url,
    `begin isolation level repeatable read;
     do $$ declare t text; begin
       for t in select tablename from pg_tables where schemaname = '${source}' loop
         execute format('delete from ${target}.%I', t);
         execute format('insert into ${target}.%I overriding system value select * from ${source}.%I on conflict do nothing', t, t);
       end loop;
       for t in select sequencename from pg_sequences where schemaname = '${source}' loop
         execute format('select setval(%L, (select last_value from ${source}.%I), (select is_called from ${source}.%I))',
           '${target}.' || t, t, t);
       end loop;
     end $$;
     -- Whoever copies this takes the process for dead: nobody waits for its lease to end.
     delete from ${target}.replicas;
     commit`,
  );
}

function schemaOfHome(home: string): string {
  return `test_${createHash("sha256").update(home).digest("hex").slice(0, 16)}`;
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
