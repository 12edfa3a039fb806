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
 * Adds to LangGraph's tables, which are there, what a value in chunks needs, and the order of the writes of one step. A row
 * without `chunks` holds its value itself, so that what LangGraph's saver wrote is read and continued as it is. Changing a
 * table waits for those who use it, and they for that, so that it is only done where it is needed.
 */
export async function extendTables(query: Query, { writes, blobs, chunks }: SaverTables): Promise<void> {
  await query(
    `create table if not exists ${chunks} (
       thread_id text not null,
       key bytea not null,
       data bytea not null,
       primary key (thread_id, key)
     )`,
    [],
  );
  for (const { table, column, definition } of [
    { table: blobs, column: "chunks", definition: "bytea" },
    { table: writes, column: "chunks", definition: "bytea" },
    // Whose they are: a run also writes to the checkpoint that it starts from.
    { table: writes, column: "run_id", definition: "text" },
    { table: writes, column: "task_path", definition: "text not null default ''" },
  ]) {
    const { rows } = await query(
      "select from pg_attribute where attrelid = to_regclass($1) and attname = $2 and not attisdropped",
      [table, column],
    );
    if (rows.length === 0) await query(`alter table ${table} add column if not exists ${column} ${definition}`, []);
  }
}
