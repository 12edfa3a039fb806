import type { Pool } from "pg";

import type { buildChunks } from "../checkpoints/chunk-tree.ts";
import { RunLostError } from "../run-lost-error.ts";
import { type Query, packChunks, unpackedRows } from "./chunk-table.ts";
import { type KnownChunks, namesIn } from "./known-chunks.ts";
import { withClient } from "./pool.ts";
import type { SaverTables } from "./saver-tables.ts";

/** A value in chunks. */
export type Tree = ReturnType<typeof buildChunks>;

/** What is written of a checkpoint at once. */
export interface PointStatement {
  readonly threadId: string;
  /** The run that writes; undefined for a state that somebody sets. */
  readonly runId: string | undefined;
  /** Statements that insert a row, or one for each of given rows, for every row of `ready`. */
  readonly inserts: readonly string[];
  /** The first is the thread. */
  readonly values: readonly unknown[];
  /** Values in chunks that the inserted rows refer to. */
  readonly trees: readonly Tree[];
  /** Selects what the rows rely on from `turn` and other tables, and locks it; nothing is inserted when it finds no row. */
  readonly reliesOn?: string;
  /** What is sent when that is gone; the same, if it is not given. */
  readonly otherwise?: () => Promise<PointStatement>;
}

export interface PointWriterOptions {
  readonly pool: Pool;
  readonly query: Query;
  readonly tables: SaverTables;
  readonly known: KnownChunks;
  /** This process as the owner of runs. */
  readonly owner: () => string;
}

export interface PointWriter {
  /** Throws `RunLostError` when another process has the run. */
  write(statement: PointStatement): Promise<void>;
  /** Resolves when what is being written to the thread has arrived or failed; undefined when nothing is. */
  arrival(threadId: string): Promise<unknown> | undefined;
  /** Deletes something of a thread, while nobody writes chunks of it. */
  transaction(threadId: string, work: (query: Query) => Promise<void>): Promise<void>;
}

interface Sent {
  readonly isMine: boolean;
  readonly isReady: boolean;
}

export function createPointWriter({ pool, query, tables, known, owner }: PointWriterOptions): PointWriter {
  const writing = new Map<string, Set<Promise<unknown>>>();

  /** Shared by those who write chunks of a thread; whoever deletes some has it alone, before it looks for what is not used. */
  const lockOf = (threadId: string): string => `${tables.chunks} ${threadId}`;

  /**
   * The inserts take their rows from `ready`, which has one. It has none for a run that is not this process's any more, and
   * until the statement is done nobody else can get the run. Nor has it one when something is gone that is not sent, because
   * the database had it.
   */
  const send = async ({ threadId, runId, inserts, values, trees, reliesOn }: PointStatement): Promise<Sent> => {
    const given = [...values];
    const place = (value: unknown): string => `$${given.push(value)}`;
    const mine =
      runId === undefined
        ? "select"
        : `select from ${tables.runs} where run_id = ${place(runId)} and owner = ${place(owner())} for share`;
    const parts = [`mine as materialized (${mine})`];
    const conditions = ["true"];
    const isChunked = trees.length > 0;
    // The lock comes before any row that its other holders delete.
    const lock = `pg_advisory_xact_lock_shared(hashtextextended(${isChunked ? place(lockOf(threadId)) : ""}, 0))`;
    parts.push(`turn as materialized (select ${isChunked ? lock : ""} from mine)`);
    const { witnesses, missing } = known.plan(
      threadId,
      trees.map(({ root }) => root),
    );
    if (isChunked) {
      parts.push(`kept as materialized (select chunk.key from turn, ${tables.chunks} as chunk
        where chunk.thread_id = $1 and chunk.key = any(${place(witnesses)}::bytea[]) for key share of chunk)`);
      conditions.push(`(select count(*) from kept) = ${witnesses.length}`);
    }
    if (reliesOn !== undefined) {
      parts.push(`needed as materialized (${reliesOn})`);
      conditions.push("exists (select from needed)");
    }
    parts.push(`ready as materialized (select from turn where ${conditions.join(" and ")})`);
    if (missing.length > 0) {
      const first = given.length + 1;
      given.push(...packChunks(missing));
      parts.push(`pieces as (insert into ${tables.chunks} (thread_id, key, data)
        select piece.* from ready, (${unpackedRows(first)}) as piece on conflict do nothing)`);
    }
    parts.push(...inserts.map((insert, index) => `part_${index} as (${insert})`));
    const { rows } = await query(
      `with ${parts.join(", ")}
       select exists (select from mine) as "isMine", exists (select from ready) as "isReady"`,
      given,
    );
    // One row with the columns that are selected.
    return rows[0] as unknown as Sent;
  };

  const sendAll = async (statement: PointStatement): Promise<void> => {
    const { threadId, runId } = statement;
    let sent = statement;
    let { isMine, isReady } = await send(sent);
    if (isMine && !isReady) {
      known.forget(threadId);
      sent = (await statement.otherwise?.()) ?? statement;
      // Without witnesses, and without anything else it relies on, nothing can be missing.
      ({ isMine, isReady } = await send(sent));
    }
    if (!isMine || !isReady) throw new RunLostError(runId ?? "");
    for (const { root, ref } of sent.trees) known.add(threadId, ref, namesIn(root));
  };

  return {
    async write(statement) {
      const { threadId } = statement;
      const ofThread = writing.get(threadId) ?? new Set();
      writing.set(threadId, ofThread);
      const sent = sendAll(statement);
      ofThread.add(sent);
      try {
        await sent;
      } finally {
        ofThread.delete(sent);
        if (ofThread.size === 0) writing.delete(threadId);
      }
    },
    arrival(threadId) {
      const ofThread = writing.get(threadId);
      return ofThread === undefined ? undefined : Promise.allSettled(ofThread);
    },
    async transaction(threadId, work) {
      known.forget(threadId);
      await withClient(pool, async (client) => {
        await client.query("begin");
        await client.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [lockOf(threadId)]);
        await work((text, values) => client.query(text, [...values]));
        await client.query("commit");
      });
    },
  };
}
