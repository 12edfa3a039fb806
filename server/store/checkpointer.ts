import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

import { currentPoints } from "./checkpoints/current-points.ts";
import type { ChunkRef } from "./checkpoints/chunk-tree.ts";
import { SqliteRunSaver } from "./checkpoints/saver.ts";
import { readStored } from "./checkpoints/values.ts";
import { openSqlite } from "./sqlite.ts";
import { toStorageError } from "./storage-error.ts";

export interface CheckpointerOptions {
  /**
   * Database file, or `:memory:`. It must not be the file of the store: both write from one thread, and a transaction
   * left open on one connection while the other writes would wait for itself.
   */
  readonly path: string;
}

export interface Checkpointer {
  readonly saver: BaseCheckpointSaver;
  /** Deletes the checkpoints one run wrote, in every namespace of its thread. */
  deleteRun(threadId: string, runId: string): Promise<void>;
  /** Gives `toThreadId` everything `fromThreadId` has. */
  copyThread(fromThreadId: string, toThreadId: string): Promise<void>;
  /**
   * Deletes all checkpoints of a thread but those that its state consists of: the newest of each namespace and, for a delta
   * channel, those back to where its value is.
   */
  keepLatest(threadId: string): Promise<void>;
  /** Deletes every checkpoint. For test mode only. */
  truncate(): Promise<void>;
  close(): Promise<void>;
}

/** Our SQLite saver on its own file. Throws `storage_failed` when the file cannot be used. */
export function createCheckpointer({ path }: CheckpointerOptions): Checkpointer {
  const db = openSqlite(path);
  const translate = (error: unknown): unknown => toStorageError(error, path);
  const saver = openSaver();
  function openSaver(): SqliteRunSaver {
    try {
      return new SqliteRunSaver({ db, translate });
    } catch (error) {
      db.close();
      throw translate(error);
    }
  }
  const guard = async (work: () => void): Promise<void> => {
    try {
      db.transaction(work)();
    } catch (error) {
      throw translate(error);
    }
  };

  /** Where the values of what is left of a thread lie. */
  function* rootsOf(threadId: string): Generator<ChunkRef> {
    // The columns are those selected, and hold what the saver made.
    const rowsOf = (table: string): { chunks: string }[] =>
      db.prepare(`select distinct chunks from ${table} where thread_id = ? and chunks is not null`).all(threadId) as {
        chunks: string;
      }[];
    for (const { chunks } of rowsOf("checkpoints")) yield* readStored(chunks).map(({ ref }) => ref);
    for (const { chunks } of rowsOf("writes")) yield JSON.parse(chunks) as ChunkRef;
  }

  /** `condition` is on a pair of namespace and id. */
  const deletePoints = (
    condition: string,
    parameters: { threadId: string; [name: string]: string },
    alsoDelete: readonly string[] = [],
  ): Promise<void> =>
    guard(() => {
      let count = 0;
      // Writes first: the condition looks at the checkpoints.
      for (const table of ["writes", "checkpoints"]) {
        const sql = `delete from ${table} where thread_id = @threadId and (checkpoint_ns, checkpoint_id) ${condition}`;
        count += db.prepare(sql).run(parameters).changes;
      }
      for (const sql of alsoDelete) count += db.prepare(sql).run(parameters).changes;
      if (count > 0) saver.chunks.sweep(parameters.threadId, rootsOf(parameters.threadId));
    });

  return {
    saver,
    deleteRun: (threadId, runId) =>
      deletePoints(
        `in (select checkpoint_ns, checkpoint_id from checkpoints
           where thread_id = @threadId and json_extract(cast(metadata as text), '$.run_id') = @runId)`,
        { threadId, runId },
        // What it wrote to the checkpoint that it went on from: an answer, and what a step made of it.
        ["delete from writes where thread_id = @threadId and run_id = @runId"],
      ),
    copyThread: (fromThreadId, toThreadId) =>
      guard(() => {
        const copy = (table: string, columns: string): void => {
          db.prepare(
            `insert into ${table} (thread_id, ${columns}) select ?, ${columns} from ${table} where thread_id = ?`,
          ).run(toThreadId, fromThreadId);
        };
        copy("checkpoints", "checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata, chunks");
        copy("writes", "checkpoint_ns, checkpoint_id, task_id, idx, channel, type, value, chunks, task_path, run_id");
        saver.chunks.copy(fromThreadId, toThreadId);
      }),
    keepLatest: (threadId) =>
      deletePoints("not in (select value ->> 0, value ->> 1 from json_each(@kept))", {
        threadId,
        kept: JSON.stringify(currentPoints(db, threadId)),
      }),
    truncate: () =>
      guard(() => {
        db.exec("delete from checkpoints; delete from writes; delete from chunks");
      }),
    close: () => {
      db.close();
      return Promise.resolve();
    },
  };
}
