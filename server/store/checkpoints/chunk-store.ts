import { hash } from "node:crypto";

import type { Database as SqliteDatabase } from "better-sqlite3";

import { splitBytes } from "./split-bytes.ts";

/** Where the bytes of a value lie: the key of a chunk, which is a piece of it (level 0) or a list of keys one level below. */
export interface ChunkRef {
  readonly level: number;
  readonly key: string;
}

const KEY_BYTES = 16;
/** A list of keys ends behind a key whose first byte has these bits clear, after 32 keys on average. */
const END_MASK = 0x1f;
/** With at least four keys in a list every level is shorter than the one below. */
const MIN_KEYS = 4;
const MAX_KEYS = 256;

export interface Chunk {
  readonly key: Buffer;
  readonly data: Uint8Array;
  /** The chunks whose keys `data` lists; none for a piece. */
  readonly children: readonly Chunk[];
}

/**
 * Keeps values of a thread as trees of pieces, each piece and each list of pieces stored once for the thread under the
 * hash of its content. A value that differs little from one already stored therefore costs little, whether it was
 * appended to, edited or forked, and whichever channel or namespace it is in. Nothing is counted: `sweep` removes what
 * no root given to it leads to. Every call belongs into a transaction of the caller.
 */
export class ChunkStore {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  write(threadId: string, root: Chunk): void {
    const insert = this.#db.prepare("insert or ignore into chunks (thread_id, key, data) values (?, ?, ?)");
    const waiting = [root];
    for (let chunk = waiting.pop(); chunk !== undefined; chunk = waiting.pop()) {
      // What is stored already was stored with everything below it.
      if (insert.run(threadId, chunk.key, chunk.data).changes > 0) waiting.push(...chunk.children);
    }
  }

  /** Throws when a chunk is missing, which no sequence of calls leads to. */
  read(threadId: string, ref: ChunkRef): Uint8Array {
    const pieces: Buffer[] = [];
    this.#visit(threadId, Buffer.from(ref.key, "hex"), ref.level, (data) => pieces.push(data));
    // Not a Buffer: a value that is bytes is given to graphs, for which it was a plain array when it was stored.
    const bytes = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  #visit(threadId: string, key: Buffer, level: number, onPiece: (data: Buffer) => void): void {
    const data = this.#get(threadId, key);
    if (level === 0) return onPiece(data);
    for (const child of keysIn(data)) this.#visit(threadId, child, level - 1, onPiece);
  }

  #get(threadId: string, key: Buffer): Buffer {
    const row = this.#db.prepare("select data from chunks where thread_id = ? and key = ?").get(threadId, key);
    if (row === undefined) throw new Error(`chunk ${key.toString("hex")} of thread "${threadId}" is missing`);
    // The column is a blob and not null.
    return (row as { data: Buffer }).data;
  }

  /** Deletes the chunks of a thread that none of the roots leads to. */
  sweep(threadId: string, roots: Iterable<ChunkRef>): void {
    const used = new Set<string>();
    const mark = (key: string, level: number): void => {
      if (used.has(key)) return;
      used.add(key);
      if (level === 0) return;
      for (const child of keysIn(this.#get(threadId, Buffer.from(key, "hex")))) mark(child.toString("hex"), level - 1);
    };
    for (const { key, level } of roots) mark(key, level);
    const all = this.#db.prepare("select id, lower(hex(key)) as key from chunks where thread_id = ?").all(threadId);
    const remove = this.#db.prepare("delete from chunks where id = ?");
    // The columns are those selected.
    for (const { id, key } of all as { id: number; key: string }[]) if (!used.has(key)) remove.run(id);
  }

  copy(fromThreadId: string, toThreadId: string): void {
    this.#db
      .prepare(
        "insert or ignore into chunks (thread_id, key, data) select ?, key, data from chunks where thread_id = ?",
      )
      .run(toThreadId, fromThreadId);
  }
}

/** The tree of a value that is not empty, and how to find it again once it is written. */
export function buildChunks(bytes: Uint8Array): { readonly root: Chunk; readonly ref: ChunkRef } {
  let row: Chunk[] = splitBytes(bytes).map((data) => ({
    key: digest(data).subarray(0, KEY_BYTES),
    data,
    children: [],
  }));
  let level = 0;
  for (; row.length > 1; level += 1) row = groupByKeys(row).map(toList);
  const [root] = row;
  if (root === undefined) throw new Error("an empty value has no chunks");
  return { root, ref: { level, key: root.key.toString("hex") } };
}

function groupByKeys(chunks: readonly Chunk[]): Chunk[][] {
  const groups: Chunk[][] = [];
  let group: Chunk[] = [];
  for (const chunk of chunks) {
    group.push(chunk);
    const isEnd = ((chunk.key[0] ?? 0) & END_MASK) === 0;
    if ((isEnd && group.length >= MIN_KEYS) || group.length === MAX_KEYS) {
      groups.push(group);
      group = [];
    }
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Lists have the other half of the hash for a key: a value made to look like a list is not taken for one. */
function toList(children: readonly Chunk[]): Chunk {
  const data = Buffer.concat(children.map(({ key }) => key));
  return { key: digest(data).subarray(KEY_BYTES), data, children };
}

function digest(data: Uint8Array): Buffer {
  return hash("sha256", data, "buffer");
}

function keysIn(list: Buffer): Buffer[] {
  return Array.from({ length: list.length / KEY_BYTES }, (_, index) =>
    list.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES),
  );
}
