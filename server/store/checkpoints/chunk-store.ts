import type { Database as SqliteDatabase } from "better-sqlite3";

import { type Chunk, type ChunkRef, joinPieces, keysIn } from "./chunk-tree.ts";

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
    return joinPieces(ref, (key) => this.#get(threadId, key));
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
