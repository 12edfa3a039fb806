import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";

import type { ChunkRef } from "../checkpoints/chunk-tree.ts";
import { type CheckpointRow, type RowLoader, refsIn, selectPoints, toTuple } from "./checkpoint-rows.ts";
import { ChunkMissingError, type Query, readChunked } from "./chunk-table.ts";
import type { KnownChunks } from "./known-chunks.ts";
import type { SaverTables } from "./saver-tables.ts";

export interface PointReaderOptions {
  readonly query: Query;
  readonly tables: SaverTables;
  readonly known: KnownChunks;
  readonly loader: RowLoader;
}

/** Conditions and order of checkpoints, with the values for its places. */
export type PointCondition = readonly [sql: string, values: readonly unknown[]];

export interface PointReader {
  /** The first that the condition finds. */
  read(condition: PointCondition): Promise<CheckpointTuple | undefined>;
  /** Which there are is found at once, and their values as they are asked for; one deleted meanwhile is left out. */
  list(condition: PointCondition): AsyncGenerator<CheckpointTuple>;
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

  const read: PointReader["read"] = async (condition) => {
    for (let left = MAX_READS; ; left -= 1) {
      const [row] = await select(condition);
      if (row === undefined) return undefined;
      try {
        return await toTuple(row, loader, await readValues(row.thread_id, [row]));
      } catch (error) {
        if (!(error instanceof ChunkMissingError) || left === 1) throw error;
      }
    }
  };

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
