import path from "node:path";

import { type Random, systemRandom } from "../../lib/random.ts";
import { type Checkpointer, createCheckpointer } from "./checkpointer.ts";
import { createPostgresCheckpointer } from "./postgres/checkpointer.ts";
import { createPostgresPool, readSchema } from "./postgres/pool.ts";
import { createPostgresStore, migratePostgres } from "./postgres/store.ts";
import { type Store, createStore } from "./store.ts";

export interface Storage {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  close(): Promise<void>;
}

export interface StorageOptions {
  /** Folder of the SQLite files. */
  readonly home: string;
  /** Postgres instead of SQLite; `options=-c search_path=…` in it chooses the schema. */
  readonly databaseUri?: string | undefined;
  readonly random?: Random;
}

/** Opens what the service keeps and brings it to the newest shape. Throws `storage_failed` when it cannot be used. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  return options.databaseUri === undefined ? openFiles(options.home) : openPostgres(options, options.databaseUri);
}

async function openFiles(home: string): Promise<Storage> {
  const store = await createStore({ path: path.join(home, "nemops.sqlite") });
  try {
    const checkpointer = createCheckpointer({ path: path.join(home, "checkpoints.sqlite") });
    return {
      store,
      checkpointer,
      async close() {
        await checkpointer.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openPostgres({ random = systemRandom }: StorageOptions, uri: string): Promise<Storage> {
  const pool = createPostgresPool({ uri });
  try {
    const schema = await readSchema(pool, uri);
    await migratePostgres(uri, schema);
    const checkpointer = await createPostgresCheckpointer({ pool, uri, schema, random });
    const store = createPostgresStore({ pool, uri });
    return {
      store,
      checkpointer,
      async close() {
        await store.close();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}
