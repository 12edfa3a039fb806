import type { RunnableConfig } from "@langchain/core/runnables";
import {
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type PendingWrite,
  WRITES_IDX_MAP,
} from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import type { Pool } from "pg";

import type { Random } from "../../../lib/random.ts";
import { StateSerializer } from "../checkpoints/state-serializer.ts";
import { RunLostError } from "../run-lost-error.ts";

export interface PostgresRunSaverOptions {
  readonly pool: Pool;
  readonly schema: string;
  readonly random: Random;
  /** This process as the owner of runs. */
  readonly owner: () => string;
  /** What is thrown for a failure of the database. */
  readonly translate: (error: unknown) => unknown;
}

interface CheckpointStatement {
  readonly threadId: string;
  readonly runId: string | undefined;
  readonly inserts: readonly string[];
  readonly values: readonly unknown[];
}

/** A run that goes on writing must not keep others from reading. */
const MAX_WAITS = 10;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Rows of one statement; a statement takes 65,535 values at most. */
const MAX_ROWS = 5_000;

/**
 * LangGraph's saver with four differences. The metadata of the run lies beside LangGraph's own in every checkpoint.
 * Versions of channels are unique, because the saver keeps one value for each version of a thread: with plain counting
 * a fork would reach the version its origin went on with and read the value of that. And a checkpoint is written in one
 * statement, which is one way to the database instead of five or more. And what a run writes is refused when another process
 * has taken it over.
 */
export class PostgresRunSaver extends PostgresSaver {
  readonly tables: Readonly<Record<"checkpoints" | "writes" | "blobs" | "runs", string>>;
  readonly #options: PostgresRunSaverOptions;
  readonly #writing = new Map<string, Set<Promise<unknown>>>();

  constructor(options: PostgresRunSaverOptions) {
    const { pool, schema } = options;
    super(pool, new StateSerializer(), { schema });
    this.#options = options;
    const name = (table: string): string => `"${schema.replaceAll('"', '""')}".${table}`;
    this.tables = {
      checkpoints: name("checkpoints"),
      writes: name("checkpoint_writes"),
      blobs: name("checkpoint_blobs"),
      runs: name("runs"),
    };
  }

  /** The count is the whole part. Numbers compare faster than the padded texts that other savers use. */
  override getNextVersion(current: number | undefined): number {
    return Math.floor(current ?? 0) + 1 + this.#options.random() / 2;
  }

  async #guard<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw this.#options.translate(error);
    }
  }

  /**
   * Resolves when nothing is being written to the thread. A run that is stopped leaves its last checkpoints on their way,
   * each of which is sent when the one before has arrived.
   */
  async settled(threadId: string): Promise<void> {
    for (await nextTurn(); this.#writing.has(threadId); await nextTurn()) {
      await Promise.allSettled(this.#writing.get(threadId) ?? new Set<Promise<unknown>>());
    }
  }

  /**
   * Sends inserts that take their rows from `mine`, which has one. It has none for a run that is not this process's any more,
   * and until the statement is done nobody else can get the run. Throws `RunLostError`.
   */
  async #write({ threadId, runId, inserts, values }: CheckpointStatement): Promise<void> {
    const writing = this.#writing.get(threadId) ?? new Set();
    this.#writing.set(threadId, writing);
    const [id, owner] = [`$${values.length + 1}`, `$${values.length + 2}`];
    const mine =
      runId === undefined
        ? "select"
        : `select from ${this.tables.runs} where run_id = ${id} and owner = ${owner} for share`;
    const parts = [`mine as materialized (${mine})`, ...inserts.map((insert, index) => `part_${index} as (${insert})`)];
    const sent = this.#options.pool.query(`with ${parts.join(", ")} select from mine`, [
      ...values,
      ...(runId === undefined ? [] : [runId, this.#options.owner()]),
    ]);
    writing.add(sent);
    try {
      const { rowCount } = await this.#guard(() => sent);
      if (rowCount === 0) throw new RunLostError(runId ?? "");
    } finally {
      writing.delete(sent);
      if (writing.size === 0) this.#writing.delete(threadId);
    }
  }

  /**
   * With what this process has begun to write to the thread: LangGraph shows an interrupt while its checkpoint is still on
   * the way, and whoever then asks for the state wants to find it there.
   */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const threadId: unknown = config.configurable?.["thread_id"];
    if (typeof threadId === "string") {
      for (let left = MAX_WAITS; left > 0 && this.#writing.has(threadId); left -= 1) {
        await Promise.allSettled(this.#writing.get(threadId) ?? new Set<Promise<unknown>>());
        await nextTurn();
      }
    }
    return this.#guard(() => super.getTuple(config));
  }

  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    const { filter, ...rest } = options ?? {};
    const cleaned = filter === undefined ? rest : { ...rest, filter: withoutRefused(filter) };
    try {
      yield* super.list(config, cleaned);
    } catch (error) {
      throw this.#options.translate(error);
    }
  }

  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { threadId, ns, id: parentId } = readConfigurable(config);
    const rows = await this._dumpBlobs(threadId, ns, checkpoint.channel_values, newVersions);
    const merged = withoutRefused(await this._dumpMetadata({ ...config.metadata, ...metadata }));
    const point = [threadId, ns, checkpoint.id, parentId ?? null, this._dumpCheckpoint(checkpoint), merged];
    const { checkpoints, blobs } = this.tables;
    const upsert = `insert into ${checkpoints}
        (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
      select $1::text, $2::text, $3::text, $4::text, $5::jsonb, $6::jsonb from mine
      on conflict (thread_id, checkpoint_ns, checkpoint_id)
      do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata`;
    const values = rows.map(([, , channel, version, type, blob]) => [channel, version, type, blob ?? null]);
    const insert = `insert into ${blobs} (thread_id, checkpoint_ns, channel, version, type, blob)
      select $1::text, $2::text, given.* from mine, (values ${places(BLOB_TYPES, values, 7)}) as given
      on conflict do nothing`;
    await this.#write({
      threadId,
      runId: runIdOf(config),
      inserts: values.length === 0 ? [upsert] : [insert, upsert],
      values: [...point, ...values.flat()],
    });
    return { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: checkpoint.id } };
  }

  override async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    const { threadId, ns, id } = readConfigurable(config);
    if (id === undefined) throw new Error('Missing "checkpoint_id" field in "configurable" of the config');
    const dumped = await this._dumpWrites(threadId, ns, id, taskId, writes);
    // Writes of the special channels replace earlier ones; the last of a place counts, and a statement may name it once.
    const isReplacing = writes.every(([channel]) => channel in WRITES_IDX_MAP);
    const byPlace = new Map<number, unknown[]>();
    for (const [, , , , index, channel, type, blob] of dumped) {
      if (isReplacing || !byPlace.has(index)) byPlace.set(index, [index, channel, type, blob]);
    }
    const all = [...byPlace.values()];
    const onConflict = isReplacing
      ? `on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
         do update set channel = excluded.channel, type = excluded.type, blob = excluded.blob`
      : "on conflict do nothing";
    for (let from = 0; from < all.length; from += MAX_ROWS) {
      const rows = all.slice(from, from + MAX_ROWS);
      const insert = `insert into ${this.tables.writes}
          (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob)
        select $1::text, $2::text, $3::text, $4::text, given.* from mine,
          (values ${places(WRITE_TYPES, rows, 5)}) as given ${onConflict}`;
      const values = [threadId, ns, id, taskId, ...rows.flat()];
      await this.#write({ threadId, runId: runIdOf(config), inserts: [insert], values });
    }
  }

  override async deleteThread(threadId: string): Promise<void> {
    await this.settled(threadId);
    await this.#guard(() => super.deleteThread(threadId));
  }
}

function readConfigurable({ configurable }: RunnableConfig): { threadId: string; ns: string; id?: string } {
  const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } = configurable ?? {};
  if (typeof threadId !== "string") throw new Error('Missing "thread_id" field in "configurable" of the config');
  return { threadId, ns: typeof ns === "string" ? ns : "", ...(typeof id === "string" ? { id } : {}) };
}

/** The run that writes; undefined for a state that somebody sets. */
function runIdOf({ metadata }: RunnableConfig): string | undefined {
  const runId: unknown = metadata?.["run_id"];
  return typeof runId === "string" ? runId : undefined;
}

const BLOB_TYPES = ["text", "text", "text", "bytea"];
const WRITE_TYPES = ["integer", "text", "text", "bytea"];

/** `($7::text, $8::bytea), ($9::text, $10::bytea)`: one group of places a row, counted from `first`. */
function places(types: readonly string[], rows: readonly unknown[], first: number): string {
  let next = first;
  return rows.map(() => `(${types.map((type) => `$${next++}::${type}`).join(", ")})`).join(", ");
}

const REFUSED = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** A copy in which the characters that `jsonb` refuses, U+0000 and lone surrogates, are U+FFFD. */
function withoutRefused(value: Record<string, unknown>): Record<string, unknown> {
  const json = JSON.stringify(value);
  // Replacing characters in strings leaves an object an object.
  return json.includes("\\u") ? (JSON.parse(json.replace(REFUSED, "$1\\ufffd")) as Record<string, unknown>) : value;
}
