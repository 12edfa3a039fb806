import type { Clock } from "../../../lib/clock.ts";
import type { Log } from "../../../lib/log.ts";
import type { Random } from "../../../lib/random.ts";
import type { Storage } from "../open-storage.ts";
import { openPostgresBus } from "./bus.ts";
import { createPostgresCheckpointer } from "./checkpointer.ts";
import { createPostgresPool, readSchema } from "./pool.ts";
import { createReplicaLease } from "./replica-lease.ts";
import { createPostgresStore, migratePostgres } from "./store.ts";

export interface OpenPostgresOptions {
  readonly uri: string;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the service keeps, in the schema that the URI chooses. Throws `storage_failed`. */
export async function openPostgres({ uri, random, clock, log }: OpenPostgresOptions): Promise<Storage> {
  const pool = createPostgresPool({ uri });
  try {
    const schema = await readSchema(pool, uri);
    await migratePostgres(uri, schema);
    const guard = createReplicaLease({ pool, uri, schema, clock, log });
    const checkpointer = await createPostgresCheckpointer({ pool, uri, schema, random, owner: () => guard.owner });
    const store = createPostgresStore({ pool, uri });
    const bus = await openPostgresBus({ pool, uri, schema, clock, log });
    return {
      store,
      checkpointer,
      guard,
      bus,
      async close() {
        await guard.release();
        await bus.close();
        await store.close();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}
