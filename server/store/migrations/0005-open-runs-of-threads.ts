import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

export const openRunsOfThreads: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    // A long thread has thousands of finished runs; every new run asks only for those that have not ended.
    await sql`create index runs_open_of_thread on runs (thread_id, seq) where status in ('pending', 'running')`.execute(
      db,
    );
  },
};
