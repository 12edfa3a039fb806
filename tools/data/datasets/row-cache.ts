import { readFile } from "node:fs/promises";

import type { Table } from "../../../engine/data/table.ts";
import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { decodeParquet } from "../writers/parquet.ts";
import type { RowFile } from "./dataset-files.ts";

/** Decoded rows that are kept; ten thousand of them with a dozen columns take about 10 MB. */
const MAX_CACHED_ROWS = 100_000;

export interface RowCache {
  /**
   * The rows of one file; `version` is that of its dataset. Undefined when it holds types that our writer does not write.
   * Throws `unreadable_input` when it is damaged or missing.
   */
  table(part: RowFile, version: string): Promise<Table | undefined>;
}

/** Decoded row groups, least recently used ones dropped first. A group above the bound is decoded each time. */
export function createRowCache(): RowCache {
  const tables = new Map<string, Promise<Table | undefined>>();
  const sizes = new Map<string, number>();
  const trim = (): void => {
    let rows = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    for (const [key, size] of sizes) {
      if (rows <= MAX_CACHED_ROWS) return;
      rows -= size;
      sizes.delete(key);
      tables.delete(key);
    }
  };
  return {
    table: (part, version) => {
      const key = `${part.file}\u0000${version}`;
      const cached = tables.get(key);
      const table = cached ?? decodeFile(part.file);
      // Set again, so that the order of the keys is that of their last use.
      tables.delete(key);
      sizes.delete(key);
      tables.set(key, table);
      sizes.set(key, part.rowCount);
      table.catch(() => {
        tables.delete(key);
        sizes.delete(key);
      });
      trim();
      return table;
    },
  };
}

async function decodeFile(file: string): Promise<Table | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new ServiceError("unreadable_input", `${file} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
  try {
    return decodeParquet(bytes);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    return undefined;
  }
}
