import type { Pool } from "pg";

import type { Random } from "../../../lib/random.ts";
import type { Checkpointer } from "../checkpointer.ts";
import { sweepStatement } from "./chunk-table.ts";
import { selectCurrent } from "./delta-chain.ts";
import { describeDatabase, toPostgresError } from "./error.ts";
import { withClient } from "./pool.ts";
import { PostgresRunSaver } from "./run-saver.ts";

export interface PostgresCheckpointerOptions {
  /** Stays open when the checkpointer is closed. */
  readonly pool: Pool;
  readonly uri: string;
  readonly schema: string;
  readonly random: Random;
  /** This process as the owner of runs. */
  readonly owner: () => string;
}

/** LangGraph's Postgres saver in our schema. Creates its tables when they are missing. */
export async function createPostgresCheckpointer(options: PostgresCheckpointerOptions): Promise<Checkpointer> {
  const { pool, uri, schema, random, owner } = options;
  const translate = (error: unknown): unknown => toPostgresError(error, describeDatabase(uri));
  const guard = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw translate(error);
    }
  };
  const saver = new PostgresRunSaver({ pool, schema, random, owner, translate });
  await guard(() => setUpOnce(saver, pool, schema));
  const { checkpoints, writes, blobs, chunks } = saver.tables;

  /** Values that no checkpoint of the thread refers to any more. */
  const deleteUnusedBlobs = `delete from ${blobs} as blob where thread_id = $1 and not exists (
    select from ${checkpoints} as point where point.thread_id = blob.thread_id
      and point.checkpoint_ns = blob.checkpoint_ns
      and point.checkpoint -> 'channel_versions' ->> blob.channel = blob.version)`;

  const deletePoints = (
    condition: string,
    values: readonly [threadId: string, ...rest: string[]],
    alsoDelete: readonly string[] = [],
  ): Promise<void> =>
    guard(async () => {
      await saver.settled(values[0]);
      await saver.transaction(values[0], async (query) => {
        await query(
          `with gone as (delete from ${checkpoints} where thread_id = $1 and ${condition}
             returning thread_id, checkpoint_ns, checkpoint_id)
           delete from ${writes} as written using gone where written.thread_id = gone.thread_id
             and written.checkpoint_ns = gone.checkpoint_ns and written.checkpoint_id = gone.checkpoint_id`,
          values,
        );
        for (const statement of alsoDelete) await query(statement, values);
        await query(deleteUnusedBlobs, values.slice(0, 1));
        await query(sweepStatement(chunks, [blobs, writes]), values.slice(0, 1));
      });
    });

  return {
    saver,
    deleteRun: (threadId, runId) =>
      deletePoints(
        "metadata ->> 'run_id' = $2",
        [threadId, runId],
        // What it wrote to the checkpoint that it went on from: an answer, and what a step made of it.
        [`delete from ${writes} where thread_id = $1 and run_id = $2`],
      ),
    copyThread: (fromThreadId, toThreadId) =>
      guard(async () => {
        await saver.settled(fromThreadId);
        await pool.query(
          `with points as (insert into ${checkpoints}
               (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
             select $2, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata
               from ${checkpoints} where thread_id = $1),
           written as (insert into ${writes}
               (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, run_id, idx, channel, type, blob, chunks)
             select $2, checkpoint_ns, checkpoint_id, task_id, task_path, run_id, idx, channel, type, blob, chunks
               from ${writes} where thread_id = $1),
           pieces as (insert into ${chunks} (thread_id, key, data)
             select $2, key, data from ${chunks} where thread_id = $1 on conflict do nothing)
           insert into ${blobs} (thread_id, checkpoint_ns, channel, version, type, blob, chunks)
             select $2, checkpoint_ns, channel, version, type, blob, chunks from ${blobs} where thread_id = $1`,
          [fromThreadId, toThreadId],
        );
      }),
    keepLatest: (threadId) =>
      deletePoints(`(checkpoint_ns, checkpoint_id) not in (${selectCurrent(saver.tables)})`, [threadId]),
    truncate: () => guard(() => pool.query(`truncate ${checkpoints}, ${writes}, ${blobs}, ${chunks}`)),
    close: async () => {},
  };
}

/** The saver's set-up is a list of statements that two processes must not run at once. */
async function setUpOnce(saver: PostgresRunSaver, pool: Pool, schema: string): Promise<void> {
  const lock = `checkpoints of ${schema}`;
  await withClient(pool, async (client) => {
    await client.query("select pg_advisory_lock(hashtextextended($1, 0))", [lock]);
    await saver.setup();
    await client.query("select pg_advisory_unlock(hashtextextended($1, 0))", [lock]);
  });
}
