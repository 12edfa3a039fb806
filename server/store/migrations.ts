import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";

import { assistantsThreadsRuns } from "./migrations/0001-assistants-threads-runs.ts";
import { storeItems } from "./migrations/0002-store-items.ts";
import { assistantVersions } from "./migrations/0003-assistant-versions.ts";
import { threadTtl } from "./migrations/0004-thread-ttl.ts";
import { openRunsOfThreads } from "./migrations/0005-open-runs-of-threads.ts";
import { crons } from "./migrations/0006-crons.ts";
import { runRecovery } from "./migrations/0007-run-recovery.ts";
import { replicas } from "./migrations/0008-replicas.ts";
import { threadEvents } from "./migrations/0009-thread-events.ts";
import { deletedThreads } from "./migrations/0010-deleted-threads.ts";
import { threadMetadata } from "./migrations/0011-thread-metadata.ts";
import { temporaryRuns } from "./migrations/0012-temporary-runs.ts";

/** Applied in the order of their names; a published migration never changes. */
export const MIGRATIONS: Record<string, Migration> = {
  "0001_assistants_threads_runs": assistantsThreadsRuns,
  "0002_store_items": storeItems,
  "0003_assistant_versions": assistantVersions,
  "0004_thread_ttl": threadTtl,
  "0005_open_runs_of_threads": openRunsOfThreads,
  "0006_crons": crons,
  "0007_run_recovery": runRecovery,
  "0008_replicas": replicas,
  "0009_thread_events": threadEvents,
  "0010_deleted_threads": deletedThreads,
  "0011_thread_metadata": threadMetadata,
  "0012_temporary_runs": temporaryRuns,
};

/**
 * Brings the database to the newest shape. `schema` is where the migrator keeps its own tables, on engines that have
 * schemas. Throws what the engine threw when a migration fails.
 */
export async function migrate(db: Kysely<never>, schema?: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(MIGRATIONS) },
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
