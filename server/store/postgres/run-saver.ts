import type { RunnableConfig } from "@langchain/core/runnables";
import {
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type DeltaChannelHistory,
  type PendingWrite,
  WRITES_IDX_MAP,
} from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import type { Pool } from "pg";

import type { Random } from "../../../lib/random.ts";
import { buildChunks } from "../checkpoints/chunk-tree.ts";
import { StateSerializer } from "../checkpoints/state-serializer.ts";
import { MIN_CHUNKED_CHANNEL_BYTES, MIN_CHUNKED_WRITE_BYTES } from "../checkpoints/values.ts";
import { type Query, packRef } from "./chunk-table.ts";
import { KnownChunks } from "./known-chunks.ts";
import { type PointCondition, type PointReader, createPointReader } from "./point-reader.ts";
import { type PointStatement, type PointWriter, type Tree, createPointWriter } from "./point-writer.ts";
import { type SaverTables, extendTables, saverTables } from "./saver-tables.ts";

export interface PostgresRunSaverOptions {
  readonly pool: Pool;
  readonly schema: string;
  readonly random: Random;
  /** This process as the owner of runs. */
  readonly owner: () => string;
  /** What is thrown for a failure of the database. */
  readonly translate: (error: unknown) => unknown;
}

/** A run that goes on writing must not keep others from reading. */
const MAX_WAITS = 10;
/** Checkpoints that a stopped run may have on their way, one after the other. */
const MAX_ARRIVALS = 10_000;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * LangGraph's saver with five differences. Values of some size lie in pieces that a thread has once, so that it grows with
 * what its runs add and not with the whole state of each step. The metadata of the run lies beside LangGraph's own in every
 * checkpoint. Versions of channels are unique, because the saver keeps one value for each version of a thread: with plain
 * counting a fork would reach the version its origin went on with and read the value of that. A checkpoint is written in one
 * statement, which is one way to the database instead of five or more. And what a run writes is refused when another process
 * has taken it over.
 */
export class PostgresRunSaver extends PostgresSaver {
  readonly tables: SaverTables;
  readonly #options: PostgresRunSaverOptions;
  readonly #query: Query;
  readonly #writer: PointWriter;
  readonly #reader: PointReader;

  constructor(options: PostgresRunSaverOptions) {
    const { pool, schema, owner } = options;
    super(pool, new StateSerializer(), { schema });
    this.#options = options;
    this.#query = (text, values) => this.#guard(() => pool.query<Record<string, unknown>>(text, [...values]));
    this.tables = saverTables(schema);
    const common = { query: this.#query, tables: this.tables, known: new KnownChunks() };
    this.#writer = createPointWriter({ ...common, pool, owner });
    this.#reader = createPointReader({
      ...common,
      loader: {
        load: (type, bytes) => this.serde.loadsTyped(type, bytes) as Promise<unknown>,
        loadMetadata: (metadata) => this._loadMetadata(metadata) as Promise<CheckpointTuple["metadata"]>,
        firstVersion: () => this.getNextVersion(undefined),
      },
    });
  }

  override async setup(): Promise<void> {
    await super.setup();
    await extendTables(this.#query, this.tables);
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
    await nextTurn();
    await this.#arrived(threadId, MAX_ARRIVALS);
  }

  async #arrived(threadId: string, waits: number): Promise<void> {
    for (let left = waits; left > 0; left -= 1) {
      const sent = this.#writer.arrival(threadId);
      if (sent === undefined) break;
      await sent;
      await nextTurn();
    }
  }

  /**
   * With what this process has begun to write to the thread: LangGraph shows an interrupt while its checkpoint is still on
   * the way, and whoever then asks for the state wants to find it there.
   */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    if (config.configurable?.["thread_id"] === undefined) return undefined;
    return this.#reader.read(await this.#find(config));
  }

  override async getDeltaChannelHistory({
    config,
    channels,
  }: {
    config: RunnableConfig;
    channels: string[];
  }): Promise<Record<string, DeltaChannelHistory>> {
    return this.#reader.history(await this.#find(config), channels);
  }

  /** The checkpoint that is meant, once it has arrived. */
  async #find(config: RunnableConfig): Promise<PointCondition> {
    const { threadId, ns, id } = readConfigurable(config);
    await this.#arrived(threadId, MAX_WAITS);
    const which = id === undefined ? "order by checkpoint_id desc limit 1" : "and checkpoint_id = $3";
    const values = [threadId, ns, ...(id === undefined ? [] : [id])];
    return [`where thread_id = $1 and checkpoint_ns = $2 ${which}`, values];
  }

  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    const { filter, before, limit } = options ?? {};
    const cleaned = filter === undefined ? undefined : withoutRefused(filter);
    const [condition, values] = this._searchWhere(config, cleaned, before);
    const bound = limit === undefined ? "" : ` limit ${Number.parseInt(String(limit), 10)}`;
    yield* this.#reader.list([`${condition} order by checkpoint_id desc${bound}`, values]);
  }

  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { threadId, ns, id: parentId } = readConfigurable(config);
    const merged = withoutRefused(await this._dumpMetadata({ ...config.metadata, ...metadata }));
    const point = [threadId, ns, checkpoint.id, parentId ?? null, this._dumpCheckpoint(checkpoint), merged];
    const { checkpoints, blobs } = this.tables;
    const upsert = `insert into ${checkpoints}
        (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
      select $1::text, $2::text, $3::text, $4::text, $5::jsonb, $6::jsonb from ready
      on conflict (thread_id, checkpoint_ns, checkpoint_id)
      do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata`;
    const withValues = async (versions: ChannelVersions): Promise<PointStatement> => {
      const trees: Tree[] = [];
      const dumped = await this._dumpBlobs(threadId, ns, checkpoint.channel_values, versions);
      const rows = dumped.map(([, , channel, version, type, blob]) => {
        const stored = placeValue(blob, MIN_CHUNKED_CHANNEL_BYTES, trees);
        return [channel, version, type, stored.blob, stored.chunks];
      });
      const insert = `insert into ${blobs} (thread_id, checkpoint_ns, channel, version, type, blob, chunks)
        select $1::text, $2::text, given.* from ready, ${unnest(BLOB_TYPES, 7)} as given on conflict do nothing`;
      return {
        threadId,
        runId: runIdOf(config),
        inserts: rows.length === 0 ? [upsert] : [insert, upsert],
        values: rows.length === 0 ? point : [...point, ...columnsOf(rows)],
        trees,
      };
    };
    const statement = await withValues(newVersions);
    // The values of the other channels are those of the parent, which may be deleted, and they with it.
    const parent = `select from turn, ${checkpoints} as point where point.thread_id = $1 and point.checkpoint_ns = $2
      and point.checkpoint_id = $4 for key share of point`;
    const rest = { reliesOn: parent, otherwise: () => withValues(checkpoint.channel_versions) };
    await this.#writer.write({ ...statement, ...(parentId === undefined ? {} : rest) });
    return { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: checkpoint.id } };
  }

  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = "",
  ): Promise<void> {
    const { threadId, ns, id } = readConfigurable(config);
    if (id === undefined) throw new Error('Missing "checkpoint_id" field in "configurable" of the config');
    const dumped = await this._dumpWrites(threadId, ns, id, taskId, writes);
    // Writes of the special channels replace earlier ones; the last of a place counts, and a statement may name it once.
    const isReplacing = writes.every(([channel]) => channel in WRITES_IDX_MAP);
    const byPlace = new Map<number, readonly [number, string, string, Uint8Array]>();
    for (const [, , , , index, channel, type, blob] of dumped) {
      if (isReplacing || !byPlace.has(index)) byPlace.set(index, [index, channel, type, blob]);
    }
    const onConflict = isReplacing
      ? `on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) do update
         set channel = excluded.channel, type = excluded.type, blob = excluded.blob, chunks = excluded.chunks,
           run_id = excluded.run_id`
      : "on conflict do nothing";
    const trees: Tree[] = [];
    const rows = [...byPlace.values()].map(([index, channel, type, blob]) => {
      const stored = placeValue(blob, MIN_CHUNKED_WRITE_BYTES, trees);
      // LangGraph's column is not null.
      return [index, channel, type, stored.blob ?? new Uint8Array(), stored.chunks];
    });
    if (rows.length === 0) return;
    const insert = `insert into ${this.tables.writes}
        (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, run_id, idx, channel, type, blob, chunks)
      select $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, given.*
        from ready, ${unnest(WRITE_TYPES, 7)} as given ${onConflict}`;
    const runId = runIdOf(config);
    const values = [threadId, ns, id, taskId, taskPath, runId ?? null, ...columnsOf(rows)];
    await this.#writer.write({ threadId, runId, inserts: [insert], values, trees });
  }

  override async deleteThread(threadId: string): Promise<void> {
    await this.settled(threadId);
    const { chunks, blobs, writes, checkpoints } = this.tables;
    const deletions = [chunks, blobs, writes, checkpoints].map((table) => `delete from ${table} where thread_id = $1`);
    await this.transaction(threadId, async (query) => {
      for (const deletion of deletions) await query(deletion, [threadId]);
    });
  }

  /** Deletes something of a thread, while nobody writes to it in chunks. */
  transaction(threadId: string, work: (query: Query) => Promise<void>): Promise<void> {
    return this.#guard(() => this.#writer.transaction(threadId, work));
  }
}

/** Where a value is stored: in its row, or in chunks, which are added to `trees`. */
function placeValue(
  blob: Uint8Array | undefined,
  leastBytes: number,
  trees: Tree[],
): { readonly blob: Uint8Array | null; readonly chunks: Buffer | null } {
  if (blob === undefined || blob.length < leastBytes) return { blob: blob ?? null, chunks: null };
  const tree = buildChunks(blob);
  trees.push(tree);
  return { blob: null, chunks: packRef(tree.ref) };
}

function readConfigurable({ configurable }: RunnableConfig): { threadId: string; ns: string; id?: string } {
  const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } = configurable ?? {};
  if (typeof threadId !== "string") throw new Error('Missing "thread_id" field in "configurable" of the config');
  return { threadId, ns: typeof ns === "string" ? ns : "", ...(typeof id === "string" && id !== "" ? { id } : {}) };
}

/** The run that writes; undefined for a state that somebody sets. */
function runIdOf({ metadata }: RunnableConfig): string | undefined {
  const runId: unknown = metadata?.["run_id"];
  return typeof runId === "string" ? runId : undefined;
}

const BLOB_TYPES = ["text", "text", "text", "bytea", "bytea"];
const WRITE_TYPES = ["integer", "text", "text", "bytea", "bytea"];

/** Rows of given columns, one value of a statement a column: it takes 65,535 values, and a task may write more. */
function unnest(types: readonly string[], first: number): string {
  return `unnest(${types.map((type, column) => `$${first + column}::${type}[]`).join(", ")})`;
}

function columnsOf(rows: readonly (readonly unknown[])[]): unknown[][] {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));
}

const REFUSED = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** A copy in which the characters that `jsonb` refuses, U+0000 and lone surrogates, are U+FFFD. */
function withoutRefused(value: Record<string, unknown>): Record<string, unknown> {
  const json = JSON.stringify(value);
  // Replacing characters in strings leaves an object an object.
  return json.includes("\\u") ? (JSON.parse(json.replace(REFUSED, "$1\\ufffd")) as Record<string, unknown>) : value;
}
