import path from "node:path";

import { type Clock, systemClock } from "../../lib/clock.ts";
import { type Log, createLog } from "../../lib/log.ts";
import { type Random, systemRandom } from "../../lib/random.ts";
import { type ReplicaBus, SILENT_BUS } from "../replicas/bus.ts";
import { type Checkpointer, createCheckpointer } from "./checkpointer.ts";
import { type RunGuard, createFileRunGuard } from "./run-guard.ts";
import { type Store, createStore } from "./store.ts";

export interface Storage {
  readonly store: Store;
  readonly checkpointer: Checkpointer;
  /** To be acquired before runs of the store are executed; released by `close`. */
  readonly guard: RunGuard;
  /** To the other processes on the same database. */
  readonly bus: ReplicaBus;
  close(): Promise<void>;
}

export interface StorageOptions {
  /** Folder of the SQLite files. */
  readonly home: string;
  /** Postgres instead of SQLite; `options=-c search_path=…` in it chooses the schema. */
  readonly databaseUri?: string | undefined;
  readonly random?: Random;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** Opens what the service keeps and brings it to the newest shape. Throws `storage_failed` when it cannot be used. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { home, databaseUri, random = systemRandom, clock = systemClock } = options;
  if (databaseUri === undefined) return openFiles(home);
  const log = options.log ?? createLog({ level: "silent" });
  // The driver and LangGraph's saver cost start time and memory, which a service on SQLite does not pay.
  const { openPostgres } = await import("./postgres/open.ts");
  return openPostgres({ uri: databaseUri, random, clock, log });
}

async function openFiles(home: string): Promise<Storage> {
  const store = await createStore({ path: path.join(home, "nemops.sqlite") });
  try {
    const checkpointer = createCheckpointer({ path: path.join(home, "checkpoints.sqlite") });
    const guard = createFileRunGuard(home);
    return {
      store,
      checkpointer,
      guard,
      bus: SILENT_BUS,
      async close() {
        await checkpointer.close();
        await store.close();
        await guard.release();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
