import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

import { ASSISTANT_COLUMNS, withAssistantColumns } from "./assistant-columns.ts";

export const assistantVersions: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    await db.schema
      .createTable("assistant_versions")
      .addColumn("assistant_id", "text", (column) => column.notNull())
      .$call(withAssistantColumns)
      .addPrimaryKeyConstraint("assistant_versions_key", ["assistant_id", "version"])
      .execute();
    // Assistants of before were numbered without their versions being kept: each has the one it is at.
    const columns = sql.join(["assistant_id", ...ASSISTANT_COLUMNS].map((name) => sql.ref(name)));
    await sql`insert into assistant_versions (${columns}) select ${columns} from assistants`.execute(db);
  },
};
