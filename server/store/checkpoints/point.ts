import { TASKS } from "@langchain/langgraph-checkpoint";
import type { Database as SqliteDatabase } from "better-sqlite3";

import type { ChunkStore } from "./chunk-store.ts";
import type { ChunkRef } from "./chunk-tree.ts";
import { readStored } from "./values.ts";

export interface PointAddress {
  readonly threadId: string;
  readonly ns: string;
  /** The newest of the namespace when it is undefined. */
  readonly id: string | undefined;
}

export interface PointRow {
  readonly thread_id: string;
  readonly checkpoint_ns: string;
  readonly checkpoint_id: string;
  readonly parent_checkpoint_id: string | null;
  readonly type: string | null;
  readonly checkpoint: Uint8Array;
  readonly metadata: Uint8Array;
  readonly chunks: string | null;
}

interface WriteRow {
  readonly task_id: string;
  readonly channel: string;
  readonly type: string | null;
  readonly value: Buffer | null;
  readonly chunks: string | null;
}

/** One value as the serializer wrote it. */
export interface Dumped {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** All that a checkpoint consists of, read at one moment. */
export interface Point {
  readonly row: PointRow;
  /** The values that are not in the row. */
  readonly values: readonly (Dumped & { readonly channel: string })[];
  readonly writes: readonly (Dumped & { readonly taskId: string; readonly channel: string })[];
}

export function selectPoint(db: SqliteDatabase, { threadId, ns, id }: PointAddress): PointRow | undefined {
  const which = id === undefined ? "order by checkpoint_id desc limit 1" : "and checkpoint_id = ?";
  const statement = db.prepare(
    `select thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata, chunks
       from checkpoints where thread_id = ? and checkpoint_ns = ? ${which}`,
  );
  // The columns are those selected.
  return statement.get(threadId, ns, ...(id === undefined ? [] : [id])) as PointRow | undefined;
}

export function readPoint(db: SqliteDatabase, chunks: ChunkStore, address: PointAddress): Point | undefined {
  const row = selectPoint(db, address);
  if (row === undefined) return undefined;
  const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } = row;
  return {
    row,
    values: readStored(row.chunks).map(({ channel, type, ref }) => ({
      channel,
      type,
      bytes: chunks.read(threadId, ref),
    })),
    writes: readWrites(db, chunks, { threadId, ns, id }),
  };
}

/** What the tasks of a checkpoint sent; checkpoints before format 4 leave it to their parent. */
export function readSends(db: SqliteDatabase, chunks: ChunkStore, address: PointAddress): readonly Dumped[] {
  return readWrites(db, chunks, address).filter(({ channel }) => channel === TASKS);
}

function readWrites(db: SqliteDatabase, chunks: ChunkStore, { threadId, ns, id }: PointAddress): Point["writes"] {
  const statement = db.prepare(
    `select task_id, channel, type, value, chunks from writes
     where thread_id = ? and checkpoint_ns = ? and checkpoint_id = ? order by task_path, task_id, idx`,
  );
  // The columns are those selected.
  const rows = statement.all(threadId, ns, id) as WriteRow[];
  return rows.map(({ task_id: taskId, channel, type, value, chunks: ref }) => ({
    taskId,
    channel,
    type: type ?? "json",
    // The column holds the `ChunkRef` that `packWrite` made.
    bytes: ref === null ? new Uint8Array(value ?? []) : chunks.read(threadId, JSON.parse(ref) as ChunkRef),
  }));
}
