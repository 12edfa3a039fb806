import { createHash, randomBytes } from "node:crypto";
import path from "node:path";

import { Client } from "pg";

import { createCheckpointer } from "../../server/store/checkpointer.ts";
import { type Storage, openStorage } from "../../server/store/open-storage.ts";
import { createFileRunGuard } from "../../server/store/run-guard.ts";
import { createStore } from "../../server/store/store.ts";
import { schemaOf, withSchema } from "./postgres.ts";

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
    guard: createFileRunGuard(home ?? ""),
    async close() {
      await store.close();
      await checkpointer.close();
    },
  };
}

async function openSchema(url: string, home: string | undefined): Promise<Storage> {
  const name =
    home === undefined ? randomBytes(8).toString("hex") : createHash("sha256").update(home).digest("hex").slice(0, 16);
  const uri = withSchema(url, `test_${name}`);
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

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
