import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * What stateless runs left when their process died is looked for at every start; without the index that is as slow as there
 * are runs. It has a row only for those, because they are deleted when they end.
 */
export const temporaryRuns: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await sql`create index if not exists runs_temporary on runs (owner)
      where is_temporary = 1 and status not in ('pending', 'running')`.execute(db);
  },
};
