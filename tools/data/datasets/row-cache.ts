import { readFile } from "node:fs/promises";

import type { Table } from "../../../engine/data/table.ts";
import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { readStruct } from "../writers/thrift.ts";
import type { RowFile } from "./dataset-files.ts";

/** What our writer calls itself. */
const PARQUET_CREATED_BY = "nemops";
/** Decoded rows that are kept; ten thousand of them with a dozen columns take about 10 MB. */
const MAX_CACHED_ROWS = 100_000;

export interface RowCache {
  /**
   * The rows of one file; `version` is that of its dataset. Undefined when another writer made it, whose types may be any.
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
  try {
    const bytes = await readFile(file);
    if (!isOwnParquet(bytes)) return undefined;
    // Loaded with the first page.
    const { decodeParquet } = await import("../writers/parquet.ts");
    return decodeParquet(bytes);
  } catch (error) {
    throw new ServiceError("unreadable_input", `${file} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

/** Source: apache/parquet-format, parquet.thrift, `FileMetaData.created_by`. */
const CREATED_BY_FIELD = 6;
const TAIL_BYTES = 8;

/** Throws a RangeError for what has no footer. */
function isOwnParquet(bytes: Uint8Array): boolean {
  const tail = bytes.length - TAIL_BYTES;
  const footerBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(tail, true);
  const footer = readStruct(bytes.subarray(tail - footerBytes, tail));
  const value = footer.fields.find(({ id }) => id === CREATED_BY_FIELD)?.value;
  return value !== undefined && "bytes" in value && Buffer.from(value.bytes).toString("utf8") === PARQUET_CREATED_BY;
}
