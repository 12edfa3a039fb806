import type { RunnableConfig } from "@langchain/core/runnables";
import type { Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";

import { openSqlite } from "../../../../server/store/sqlite.ts";

class MetadataSaver extends SqliteSaver {
  override put(config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata): Promise<RunnableConfig> {
    return super.put(config, checkpoint, { ...config.metadata, ...metadata });
  }
}

/** LangGraph's own saver, which keeps every value in every checkpoint: what ours must not differ from, in plain SQL. */
export function openFullCopies(path: string) {
  const db = openSqlite(path);
  const saver = new MetadataSaver(db);
  // `setup` is declared protected.
  (saver as unknown as { setup(): void }).setup();
  const deleteWhere = (condition: string, values: Record<string, string>): void => {
    for (const table of ["writes", "checkpoints"])
      db.prepare(
        `delete from ${table} where thread_id = @threadId and (checkpoint_ns, checkpoint_id) ${condition}`,
      ).run(values);
  };
  return {
    saver,
    deleteRun: (threadId: string, runId: string) =>
      deleteWhere(
        `in (select checkpoint_ns, checkpoint_id from checkpoints
           where thread_id = @threadId and cast(metadata as text) ->> 'run_id' = @runId)`,
        { threadId, runId },
      ),
    keepLatest: (threadId: string) =>
      deleteWhere(
        `not in (select checkpoint_ns, max(checkpoint_id) from checkpoints
           where thread_id = @threadId group by checkpoint_ns)`,
        { threadId },
      ),
    copyThread(from: string, to: string) {
      db.prepare(
        `insert into checkpoints select ?, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata
           from checkpoints where thread_id = ?`,
      ).run(to, from);
      db.prepare(
        `insert into writes select ?, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, value
           from writes where thread_id = ?`,
      ).run(to, from);
    },
    close: () => db.close(),
  };
}
