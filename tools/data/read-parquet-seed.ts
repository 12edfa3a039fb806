import type { FileHandle } from "node:fs/promises";

import { tableRows } from "../../engine/data/table-rows.ts";
import type { JsonValue } from "../../engine/data/table.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import { type SqlClient, createSqlClient } from "./datasets/sql-client.ts";

export interface ParquetSeed {
  readonly handle: FileHandle;
  readonly real: string;
}

export interface ReadParquetOptions {
  readonly maxRows?: number;
  /** Of all rows as JSON: a small file can hold very many equal cells. */
  readonly maxBytes?: number;
  /** Ended afterwards; another one in tests of the absence of DuckDB. */
  readonly client?: SqlClient;
}

type Rows = readonly Readonly<Record<string, JsonValue>>[];

const MAX_ROWS = 1_000_000;
const MAX_BYTES = 256 * 1_024 * 1_024;
const TIMEOUT_MS = 60_000;

/**
 * The rows of a Parquet file in order: of any writer where DuckDB is installed, else of those that this program can
 * decode, such as its own. Throws `payload_too_large`, `unreadable_input`, `timed_out` and `rate_limited`.
 */
export async function readParquetSeed(seed: ParquetSeed, options: ReadParquetOptions = {}): Promise<Rows> {
  const { maxRows = MAX_ROWS, maxBytes = MAX_BYTES, client = createSqlClient({ timeoutMs: TIMEOUT_MS }) } = options;
  try {
    const statements = [{ sql: "SELECT * FROM dataset" }];
    const [result] = await client.run({ files: [seed.real], statements, isUntrusted: false, maxRows, maxBytes });
    if (result === undefined) throw new Error("DuckDB gave no answer");
    if (result.isTruncated) throw tooLarge(maxRows, maxBytes);
    return result.rows;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === "not_supported") return await decodeOwn(seed, maxRows, maxBytes);
    if (error.code === "storage_failed" || error.code === "invalid_input") {
      throw new ServiceError("unreadable_input", `no readable Parquet file: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    await client.close();
  }
}

async function decodeOwn({ handle }: ParquetSeed, maxRows: number, maxBytes: number): Promise<Rows> {
  const { decodeParquet } = await import("./writers/parquet.ts");
  const bytes = await handle.readFile();
  try {
    const table = decodeParquet(bytes);
    if (table.rowCount > maxRows) throw tooLarge(maxRows, maxBytes);
    return tableRows(table);
  } catch (error) {
    if (error instanceof ServiceError && error.code === "payload_too_large") throw error;
    const remedy = "files of other programs need DuckDB (npm install @duckdb/node-api), or save it as csv or jsonl";
    throw new ServiceError("unreadable_input", `${errorMessage(error)}; ${remedy}`, { cause: error });
  }
}

function tooLarge(maxRows: number, maxBytes: number): ServiceError {
  const limits = `${maxRows.toLocaleString("en-US")} rows or ${Math.round(maxBytes / 1_048_576)} MiB of cells`;
  return new ServiceError("payload_too_large", `it has more than ${limits}; keep the rows that are needed`);
}
