import type { Query } from "./chunk-table.ts";

export type SaverTables = Readonly<Record<"checkpoints" | "writes" | "blobs" | "chunks" | "runs", string>>;

/** LangGraph's tables in our schema, one of ours beside them, and that of the runs. */
export function saverTables(schema: string): SaverTables {
  const name = (table: string): string => `"${schema.replaceAll('"', '""')}".${table}`;
  return {
    checkpoints: name("checkpoints"),
    writes: name("checkpoint_writes"),
    blobs: name("checkpoint_blobs"),
    chunks: name("checkpoint_chunks"),
    runs: name("runs"),
  };
}

/**
 * Adds to LangGraph's tables, which are there, what a value in chunks needs. A row without `chunks` holds its value itself, so
 * that what LangGraph's saver wrote is read and continued as it is. Changing a table waits for those who use it, and they for
 * that, so that it is only done where it is needed.
 */
export async function addChunks(query: Query, { writes, blobs, chunks }: SaverTables): Promise<void> {
  await query(
    `create table if not exists ${chunks} (
       thread_id text not null,
       key bytea not null,
       data bytea not null,
       primary key (thread_id, key)
     )`,
    [],
  );
  for (const table of [blobs, writes]) {
    const { rows } = await query(
      "select from pg_attribute where attrelid = to_regclass($1) and attname = 'chunks' and not attisdropped",
      [table],
    );
    if (rows.length === 0) await query(`alter table ${table} add column if not exists chunks bytea`, []);
  }
}
