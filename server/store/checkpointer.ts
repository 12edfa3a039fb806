import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  BaseCheckpointSaver,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
} from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";

import { isJsonPathKey } from "./json-filter.ts";
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
  /** Deletes all checkpoints of a thread but the newest of each namespace, which hold its whole state. */
  keepLatest(threadId: string): Promise<void>;
  /** Deletes every checkpoint. For test mode only. */
  truncate(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps the metadata of the run beside LangGraph's own in every checkpoint, as the LangGraph servers do: history can be
 * filtered by it, and the checkpoints of one run can be found.
 */
class RunSaver extends SqliteSaver {
  override put(config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata): Promise<RunnableConfig> {
    return super.put(config, checkpoint, { ...config.metadata, ...metadata });
  }

  /** The saver writes the keys of a filter into a JSON path as they are; quoted they may be any text. */
  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    const { filter, ...rest } = options ?? {};
    const keys = Object.keys(filter ?? {});
    if (!keys.every(isJsonPathKey)) return;
    const quoted = keys.map((key): [string, unknown] => [`"${key}"`, filter?.[key]]);
    yield* super.list(config, { ...rest, ...(keys.length === 0 ? {} : { filter: Object.fromEntries(quoted) }) });
  }
}

/** LangGraph's SQLite saver on its own file. Throws `storage_failed` when the file cannot be used. */
export function createCheckpointer({ path }: CheckpointerOptions): Checkpointer {
  const db = openSqlite(path);
  const saver = new RunSaver(db);
  // The saver creates its tables on first use; the statements below need them now.
  // `setup` is declared protected.
  (saver as unknown as { setup(): void }).setup();
  const guard = async <Result>(work: () => Result): Promise<Result> => {
    try {
      return work();
    } catch (error) {
      throw toStorageError(error, path);
    }
  };
  return {
    saver,
    deleteRun: (threadId, runId) =>
      guard(() => {
        const ofRun = `select checkpoint_ns, checkpoint_id from checkpoints
          where thread_id = @threadId and json_extract(cast(metadata as text), '$.run_id') = @runId`;
        db.transaction(() => {
          db.prepare(
            `delete from writes where thread_id = @threadId and (checkpoint_ns, checkpoint_id) in (${ofRun})`,
          ).run({ threadId, runId });
          db.prepare(
            `delete from checkpoints where thread_id = @threadId and (checkpoint_ns, checkpoint_id) in (${ofRun})`,
          ).run({ threadId, runId });
        })();
      }),
    copyThread: (fromThreadId, toThreadId) =>
      guard(() => {
        db.transaction(() => {
          db.prepare(
            `insert into checkpoints select ?, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata
              from checkpoints where thread_id = ?`,
          ).run(toThreadId, fromThreadId);
          db.prepare(
            `insert into writes select ?, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, value
              from writes where thread_id = ?`,
          ).run(toThreadId, fromThreadId);
        })();
      }),
    keepLatest: (threadId) =>
      guard(() => {
        // Ids are time-ordered, so the newest checkpoint of a namespace is the one with the greatest id.
        const newest = `select checkpoint_ns, max(checkpoint_id) from checkpoints
          where thread_id = @threadId group by checkpoint_ns`;
        db.transaction(() => {
          for (const table of ["writes", "checkpoints"]) {
            db.prepare(
              `delete from ${table} where thread_id = @threadId and (checkpoint_ns, checkpoint_id) not in (${newest})`,
            ).run({ threadId });
          }
        })();
      }),
    truncate: () =>
      guard(() => {
        db.exec("delete from checkpoints; delete from writes");
      }),
    close: () => {
      db.close();
      return Promise.resolve();
    },
  };
}
