import type { CheckpointTuple, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";

import type { ChunkRef } from "../checkpoints/chunk-tree.ts";
import { type CheckpointRow, type RowLoader, loadStored, refsIn, selectPoints, toTuple } from "./checkpoint-rows.ts";
import { ChunkMissingError, type Query, readChunked, readRef } from "./chunk-table.ts";
import { type HistoryRow, selectHistory } from "./delta-chain.ts";
import type { KnownChunks } from "./known-chunks.ts";
import type { SaverTables } from "./saver-tables.ts";

export interface PointReaderOptions {
  readonly query: Query;
  readonly tables: SaverTables;
  readonly known: KnownChunks;
  readonly loader: RowLoader;
}

/** Conditions and order of checkpoints, with the values for its places, of which the first is the thread if one is named. */
export type PointCondition = readonly [sql: string, values: readonly unknown[]];

export interface PointReader {
  /** The first that the condition finds. */
  read(condition: PointCondition): Promise<CheckpointTuple | undefined>;
  /** Which there are is found at once, and their values as they are asked for; one deleted meanwhile is left out. */
  list(condition: PointCondition): AsyncGenerator<CheckpointTuple>;
  /** What delta channels of the first that the condition finds consist of, in one statement for all ancestors. */
  history(condition: PointCondition, channels: readonly string[]): Promise<Record<string, DeltaChannelHistory>>;
}

/** Checkpoints of a list whose values are read at once. */
const POINTS_PER_READ = 16;
/** How often a checkpoint is looked for whose values were deleted between the row and them. */
const MAX_READS = 5;

export function createPointReader({ query, tables, known, loader }: PointReaderOptions): PointReader {
  const select = async ([sql, values]: PointCondition): Promise<CheckpointRow[]> => {
    const { rows } = await query(`${selectPoints(tables)} ${sql}`, values);
    // The columns are those selected.
    return rows as unknown as CheckpointRow[];
  };
  const readValues = (threadId: string, rows: readonly CheckpointRow[]): Promise<(ref: ChunkRef) => Uint8Array> =>
    readChunked({ query, chunks: tables.chunks, known }, threadId, rows.flatMap(refsIn));

  const whole = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let left = MAX_READS; ; left -= 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ChunkMissingError) || left === 1) throw error;
      }
    }
  };

  const read: PointReader["read"] = (condition) =>
    whole(async () => {
      const [row] = await select(condition);
      return row === undefined ? undefined : toTuple(row, loader, await readValues(row.thread_id, [row]));
    });

  const load = async (
    row: CheckpointRow,
    readValue: (ref: ChunkRef) => Uint8Array,
  ): Promise<CheckpointTuple | undefined> => {
    try {
      return await toTuple(row, loader, readValue);
    } catch (error) {
      if (!(error instanceof ChunkMissingError)) throw error;
      const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } = row;
      return read(["where thread_id = $1 and checkpoint_ns = $2 and checkpoint_id = $3", [threadId, ns, id]]);
    }
  };

  return {
    read,
    history: ([sql, values], channels) =>
      whole(async () => {
        // The columns are those selected.
        const rows = (await query(selectHistory(tables, sql, values.length + 1), [...values, channels]))
          .rows as unknown as HistoryRow[];
        const refs = rows.flatMap(({ chunks }) => (chunks === null ? [] : [readRef(chunks)]));
        const readValue = await readChunked({ query, chunks: tables.chunks, known }, String(values[0]), refs);
        const found = Object.fromEntries(channels.map((name): [string, DeltaChannelHistory] => [name, { writes: [] }]));
        for (const row of rows) {
          const value = await loadStored(row, loader, readValue);
          const history = found[row.channel];
          if (history === undefined) continue;
          if (row.task_id === null) history.seed = value;
          else history.writes.push([row.task_id, row.channel, value]);
        }
        return found;
      }),
    async *list(condition) {
      const rows = await select(condition);
      for (let from = 0; from < rows.length; from += POINTS_PER_READ) {
        const some = rows.slice(from, from + POINTS_PER_READ);
        for (const [threadId, ofThread] of Map.groupBy(some, (row) => row.thread_id)) {
          const readValue = await readValues(threadId, ofThread);
          for (const row of ofThread) {
            const tuple = await load(row, readValue);
            if (tuple !== undefined) yield tuple;
          }
        }
      }
    },
  };
}
