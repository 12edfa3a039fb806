import type { Database as SqliteDatabase } from "better-sqlite3";

/**
 * The tables of LangGraph's own SQLite saver and three columns more, so that a file which that saver wrote is read and
 * continued as it is: a row without `chunks` holds all its values itself.
 */
const TABLES = `
create table if not exists checkpoints (
  thread_id text not null,
  checkpoint_ns text not null default '',
  checkpoint_id text not null,
  parent_checkpoint_id text,
  type text,
  checkpoint blob,
  metadata blob,
  primary key (thread_id, checkpoint_ns, checkpoint_id)
);
create table if not exists writes (
  thread_id text not null,
  checkpoint_ns text not null default '',
  checkpoint_id text not null,
  task_id text not null,
  idx integer not null,
  channel text not null,
  type text,
  value blob,
  primary key (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
);
create table if not exists chunks (
  id integer primary key,
  thread_id text not null,
  key blob not null,
  data blob not null,
  unique (thread_id, key)
);`;

const ADDED_COLUMNS = [
  /** JSON of `StoredValue` by channel, for the values that are not in `checkpoint`. */
  { table: "checkpoints", name: "chunks", definition: "text" },
  /** JSON of a `ChunkRef`, in place of `value`. */
  { table: "writes", name: "chunks", definition: "text" },
  /** Orders the writes of one step as the run did. */
  { table: "writes", name: "task_path", definition: "text not null default ''" },
  /** Whose they are: a run also writes to the checkpoint that it starts from. */
  { table: "writes", name: "run_id", definition: "text" },
];

/** Creates what is missing. Several processes may do so, one after the other. */
export function setUpTables(db: SqliteDatabase): void {
  db.transaction(() => {
    db.exec(TABLES);
    for (const { table, name, definition } of ADDED_COLUMNS) {
      const known = db.prepare(`select 1 from pragma_table_info('${table}') where name = '${name}'`).get();
      if (known === undefined) db.exec(`alter table ${table} add column ${name} ${definition}`);
    }
  }).immediate();
}
