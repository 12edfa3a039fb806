import type { RunnableConfig } from "@langchain/core/runnables";
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  type PendingWrite,
  WRITES_IDX_MAP,
  copyCheckpoint,
} from "@langchain/langgraph-checkpoint";
import type { Database as SqliteDatabase } from "better-sqlite3";

import { isJsonPathKey } from "../json-filter.ts";
import { ChunkStore } from "./chunk-store.ts";
import { addPendingSends } from "./pending-sends.ts";
import { type Point, type PointRow, readPoint, readSends, selectPoint } from "./point.ts";
import { StateSerializer } from "./state-serializer.ts";
import { setUpTables } from "./tables.ts";
import { type StoredValue, packChannels, packWrite, readStored } from "./values.ts";

export interface SqliteRunSaverOptions {
  readonly db: SqliteDatabase;
  /** What is thrown for a failure of the database. */
  readonly translate: (error: unknown) => unknown;
}

/**
 * Checkpoints in SQLite. Values of some size lie in a `ChunkStore`, so that a thread grows with what its runs add and
 * not with the whole state of each step; the metadata of the run lies beside LangGraph's own in every checkpoint.
 */
export class SqliteRunSaver extends BaseCheckpointSaver {
  readonly chunks: ChunkStore;
  readonly db: SqliteDatabase;
  readonly #translate: (error: unknown) => unknown;

  constructor({ db, translate }: SqliteRunSaverOptions) {
    super(new StateSerializer());
    this.db = db;
    this.#translate = translate;
    setUpTables(db);
    this.chunks = new ChunkStore(db);
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return this.db.transaction(work)();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    if (config.configurable?.["thread_id"] === undefined) return undefined;
    const { threadId, ns, id } = readConfigurable(config);
    const point = this.#guard(() => readPoint(this.db, this.chunks, { threadId, ns, id }));
    if (point === undefined) return undefined;
    const tuple = await this.#toTuple(point);
    return id === undefined ? tuple : { ...tuple, config };
  }

  /** The ids are found at once and each checkpoint is read when it is asked for; one deleted meanwhile is left out. */
  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    const found = this.#guard(() => this.#find(config, options ?? {}));
    for (const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } of found) {
      const point = this.#guard(() => readPoint(this.db, this.chunks, { threadId, ns, id }));
      if (point !== undefined) yield await this.#toTuple(point);
    }
  }

  #find({ configurable }: RunnableConfig, { filter, before, limit }: CheckpointListOptions): PointRow[] {
    const wanted = Object.entries(filter ?? {}).filter(([, value]) => value !== undefined);
    if (!wanted.every(([key]) => isJsonPathKey(key))) return [];
    const conditions: [sql: string, ...values: unknown[]][] = [["1 = 1"]];
    const { thread_id: threadId, checkpoint_ns: ns } = configurable ?? {};
    const beforeId: unknown = before?.configurable?.["checkpoint_id"];
    if (threadId) conditions.push(["thread_id = ?", threadId]);
    if (ns !== undefined && ns !== null) conditions.push(["checkpoint_ns = ?", ns]);
    if (beforeId !== undefined) conditions.push(["checkpoint_id < ?", beforeId]);
    for (const [key, value] of wanted)
      conditions.push(["cast(metadata as text) -> ? = ?", `$."${key}"`, JSON.stringify(value)]);
    const sql = `select thread_id, checkpoint_ns, checkpoint_id from checkpoints
      where ${conditions.map(([condition]) => condition).join(" and ")}
      order by checkpoint_id desc limit ?`;
    const values = conditions.flatMap(([, ...given]) => given);
    // The columns are those selected. A negative limit is none.
    return this.db.prepare(sql).all(...values, limit || -1) as PointRow[];
  }

  async #toTuple({ row, values, writes }: Point): Promise<CheckpointTuple> {
    const checkpoint = (await this.serde.loadsTyped(row.type ?? "json", row.checkpoint)) as Checkpoint;
    // The names are known from the row, and their places in the order are kept by what was put there for them.
    for (const { channel, type, bytes } of values)
      checkpoint.channel_values[channel] = await this.serde.loadsTyped(type, bytes);
    if (checkpoint.v < 4 && row.parent_checkpoint_id !== null) {
      const parent = { threadId: row.thread_id, ns: row.checkpoint_ns, id: row.parent_checkpoint_id };
      const sends = this.#guard(() => readSends(this.db, this.chunks, parent));
      const loaded = await Promise.all(sends.map(({ type, bytes }) => this.serde.loadsTyped(type, bytes)));
      addPendingSends(checkpoint, loaded, () => this.getNextVersion(undefined));
    }
    const configOf = (id: string): RunnableConfig => ({
      configurable: { thread_id: row.thread_id, checkpoint_ns: row.checkpoint_ns, checkpoint_id: id },
    });
    const pendingWrites = writes.map(async ({ taskId, channel, type, bytes }): Promise<CheckpointPendingWrite> => [
      taskId,
      channel,
      await this.serde.loadsTyped(type, bytes),
    ]);
    return {
      config: configOf(row.checkpoint_id),
      checkpoint,
      metadata: (await this.serde.loadsTyped(row.type ?? "json", row.metadata)) as CheckpointMetadata,
      pendingWrites: await Promise.all(pendingWrites),
      ...(row.parent_checkpoint_id === null ? {} : { parentConfig: configOf(row.parent_checkpoint_id) }),
    };
  }

  /**
   * A channel with the version it has in the parent, and not among the new ones, is not looked at again: its value is
   * where the parent's is. Branches cannot be taken for each other that way, however alike their versions are.
   */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions?: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { threadId, ns, id: parentId } = readConfigurable(config);
    const prepared = copyCheckpoint(checkpoint);
    const merged = { ...config.metadata, ...metadata };
    const parent = { threadId, ns, id: parentId };
    const attempt = async (inherited: ReadonlyMap<string, StoredValue>): Promise<boolean> => {
      // All is serialized before anything is awaited: the run goes on and may change its values.
      const [packed, [, metadataBytes]] = await Promise.all([
        packChannels(this.serde, prepared, inherited),
        this.serde.dumpsTyped(merged),
      ]);
      const [type, bytes] = packed.checkpoint;
      return this.#guard(() => {
        // The parent may have been deleted meanwhile, and its values with it.
        if (inherited.size > 0 && selectPoint(this.db, parent) === undefined) return false;
        for (const tree of packed.trees) this.chunks.write(threadId, tree);
        this.db
          .prepare(
            `insert or replace into checkpoints
               (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata, chunks)
             values (?, ?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(threadId, ns, checkpoint.id, parentId ?? null, type, bytes, metadataBytes, packed.chunks);
        return true;
      });
    };
    const none: ReadonlyMap<string, StoredValue> = new Map();
    const inherited = newVersions === undefined ? none : this.#unchanged(parent, prepared, newVersions);
    if (!(await attempt(inherited))) await attempt(none);
    return { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: checkpoint.id } };
  }

  #unchanged(
    parent: { threadId: string; ns: string; id: string | undefined },
    { channel_values: values, channel_versions: versions }: Checkpoint,
    newVersions: ChannelVersions,
  ): ReadonlyMap<string, StoredValue> {
    const row = parent.id === undefined ? undefined : this.#guard(() => selectPoint(this.db, parent));
    const stored = row === undefined ? [] : readStored(row.chunks);
    return new Map(
      stored
        .filter(
          ({ channel, version }) =>
            Object.hasOwn(values, channel) && !Object.hasOwn(newVersions, channel) && versions[channel] === version,
        )
        .map((value) => [value.channel, value]),
    );
  }

  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = "",
  ): Promise<void> {
    const { threadId, ns, id } = readConfigurable(config);
    if (id === undefined) throw new Error('Missing "checkpoint_id" field in "configurable" of the config');
    const packed = await Promise.all(writes.map(([, value]) => packWrite(this.serde, value)));
    const runId: unknown = config.metadata?.["run_id"] ?? null;
    // Writes of the special channels replace earlier ones of the task.
    const isReplacing = writes.every(([channel]) => channel in WRITES_IDX_MAP);
    this.#guard(() => {
      const insert = this.db.prepare(
        `insert or ${isReplacing ? "replace" : "ignore"} into writes
           (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, value, chunks, task_path, run_id)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      );
      for (const [position, [channel]] of writes.entries()) {
        const value = packed[position];
        if (value === undefined) continue;
        if (value.tree !== undefined) this.chunks.write(threadId, value.tree);
        const index = WRITES_IDX_MAP[channel] ?? position;
        insert.run(threadId, ns, id, taskId, index, channel, value.type, value.bytes, value.chunks, taskPath, runId);
      }
    });
  }

  override async deleteThread(threadId: string): Promise<void> {
    this.#guard(() => {
      for (const table of ["checkpoints", "writes", "chunks"])
        this.db.prepare(`delete from ${table} where thread_id = ?`).run(threadId);
    });
  }
}

function readConfigurable({ configurable }: RunnableConfig): { threadId: string; ns: string; id: string | undefined } {
  const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } = configurable ?? {};
  if (typeof threadId !== "string") throw new Error('Missing "thread_id" field in "configurable" of the config');
  return { threadId, ns: typeof ns === "string" ? ns : "", id: typeof id === "string" && id !== "" ? id : undefined };
}
