import { type Kysely, PostgresAdapter, type RawBuilder, sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * `thread_metadata` has a row `key:value`, the value as JSON, for each text, number, boolean and null at the top level of a
 * thread's metadata. Triggers keep it, so that it follows whatever changes a thread in the same statement, what an older
 * server on the same database changes included; a run, which changes state and times, does not pay for it.
 *
 * SQLite does not migrate in a transaction, and the process may end between any two steps: each can be done again.
 */
export const threadMetadata: Migration = {
  async up(db: Kysely<never>): Promise<void> {
    const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter;
    await db.schema
      .createTable("thread_metadata")
      .ifNotExists()
      .addColumn("entry", "text", (column) => column.notNull())
      .addColumn("thread_id", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("thread_metadata_key", ["entry", "thread_id"])
      .$call((table) => (isPostgres ? table : table.modifyEnd(sql`without rowid`)))
      .execute();
    for (const statement of isPostgres ? POSTGRES : SQLITE) await statement.execute(db);
    // With the id as their last column they give a whole page of ids in order, without a row being read that is not shown.
    await db.schema.dropIndex("threads_updated").ifExists().execute();
    await db.schema.dropIndex("threads_status").ifExists().execute();
    for (const [name, columns] of Object.entries(ORDERS)) {
      await db.schema.createIndex(name).ifNotExists().on("threads").columns(columns).execute();
    }
    if (isPostgres) await sql`analyze threads, thread_metadata`.execute(db);
  },
};

const ORDERS = {
  threads_updated_id: ["updated_at", "thread_id"],
  threads_created_id: ["created_at", "thread_id"],
  threads_state_updated_id: ["state_updated_at", "thread_id"],
  threads_status_updated_id: ["status", "updated_at", "thread_id"],
};

/** Longer entries, in bytes, are left out: an index of Postgres could not hold them beside the longest id of a thread. */
const MAX_BYTES = sql.lit(1_024);

/**
 * A text goes between quotes as it is. That is its JSON unless it has characters that JSON escapes, and those are never asked
 * for here. U+0000, which would end a text early, becomes another one of them. The path `metadata -> key` would give the JSON
 * itself, but searches the whole object for every key.
 */
function sqliteEntries(metadata: string): RawBuilder<unknown> {
  return sql`json_each(replace(${sql.ref(metadata)}, '\\u0000', '\\u0001')) as item
    where item.type not in ('object', 'array') and octet_length(${SQLITE_ENTRY}) <= ${MAX_BYTES}`;
}

const SQLITE_ENTRY = sql`(item.key || ':' || case item.type
  when 'text' then '"' || item.value || '"'
  when 'integer' then item.value
  when 'real' then item.value
  else item.type end)`;

const SQLITE_ADD = sql`insert into thread_metadata (entry, thread_id)
  select ${SQLITE_ENTRY}, new.thread_id from ${sqliteEntries("new.metadata")} on conflict do nothing`;

const SQLITE_REMOVE = sql`delete from thread_metadata where thread_id = old.thread_id
  and entry in (select ${SQLITE_ENTRY} from ${sqliteEntries("old.metadata")})`;

const SQLITE = [
  sql`create trigger if not exists thread_metadata_insert after insert on threads begin ${SQLITE_ADD}; end`,
  sql`create trigger if not exists thread_metadata_update after update of metadata on threads
    when old.metadata <> new.metadata begin ${SQLITE_REMOVE}; ${SQLITE_ADD}; end`,
  sql`create trigger if not exists thread_metadata_delete after delete on threads begin ${SQLITE_REMOVE}; end`,
  sql`insert into thread_metadata (entry, thread_id)
    select ${SQLITE_ENTRY}, threads.thread_id from threads, ${sqliteEntries("threads.metadata")}
    order by 1, 2 on conflict do nothing`,
];

/** What `jsonb` refuses is replaced as in every filter of metadata. */
const POSTGRES = [
  sql`create function thread_metadata_entries(metadata text) returns setof text language sql immutable as $$
    select entry from (
      select key || ':' || value::text as entry
      from jsonb_each((case when strpos(metadata, '\\u') = 0 then metadata else regexp_replace(metadata,
        '(?<!\\\\)((?:\\\\\\\\)*)\\\\u(?:0000|d[89a-f][0-9a-f]{2})', '\\1\\\\ufffd', 'g') end)::jsonb)
      where jsonb_typeof(value) not in ('object', 'array')
    ) as entries where octet_length(entry) <= ${MAX_BYTES} $$`,
  sql`create function keep_thread_metadata() returns trigger language plpgsql set search_path from current as $$ begin
    if tg_op = 'UPDATE' then
      if old.metadata = new.metadata then return null; end if;
    end if;
    if tg_op <> 'INSERT' then
      delete from thread_metadata where thread_id = old.thread_id
        and entry = any(array(select thread_metadata_entries(old.metadata)));
    end if;
    if tg_op <> 'DELETE' then
      insert into thread_metadata (entry, thread_id)
        select entry, new.thread_id from thread_metadata_entries(new.metadata) as entry on conflict do nothing;
    end if;
    return null;
  end $$`,
  // Holds back whoever writes threads until the rows that are there have their entries.
  sql`create trigger thread_metadata_follows after insert or delete or update of metadata on threads
    for each row execute function keep_thread_metadata()`,
  sql`insert into thread_metadata (entry, thread_id)
    select entry, thread_id from threads, thread_metadata_entries(metadata) as entry order by 1, 2`,
];
