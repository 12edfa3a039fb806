import { readFile } from "node:fs/promises";
import path from "node:path";

import { concatTables, sliceTable } from "../../../engine/data/table-parts.ts";
import type { Table } from "../../../engine/data/table.ts";
import { type AtomicFile, openAtomicFile } from "../writers/atomic-file.ts";
import { encodeCsv, encodeCsvHeader } from "../writers/csv.ts";
import { encodeJsonl } from "../writers/jsonl.ts";
import { createParquetMerger } from "../writers/merge-parquet.ts";
import { decodeParquet, encodeParquet } from "../writers/parquet.ts";
import { type Metadata, PARQUET_FOLDER, batchName } from "./metadata.ts";

export const EXPORT_FORMATS = ["jsonl", "csv", "parquet"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Rows in a row group of an exported Parquet file, whatever the row groups of the job were. */
export const EXPORT_GROUP_ROWS = 10_000;

export interface ExportOptions {
  /** Artifacts of a job. */
  readonly folder: string;
  readonly metadata: Metadata;
  readonly format: ExportFormat;
  /** Where the dataset goes; replaced when it exists. */
  readonly file: string;
  readonly signal?: AbortSignal;
}

/**
 * Writes the dataset as one file, row group by row group. The same rows give the same bytes for any row-group size of
 * the job. Throws `storage_failed`, and then leaves nothing behind.
 */
export async function exportDataset({ folder, metadata, format, file, signal }: ExportOptions): Promise<void> {
  const output = await openAtomicFile(file);
  try {
    const parts = readParts(folder, metadata, signal);
    await (format === "parquet" ? writeParquetParts(output, parts) : writeText(output, parts, format));
    await output.commit();
  } finally {
    await output.discard();
  }
}

interface Part {
  readonly rows: number;
  readonly bytes: Uint8Array;
}

async function* readParts(
  folder: string,
  { row_groups: groups }: Metadata,
  signal?: AbortSignal,
): AsyncGenerator<Part> {
  for (const { id, num_records: rows } of groups) {
    signal?.throwIfAborted();
    yield { rows, bytes: await readFile(path.join(folder, PARQUET_FOLDER, batchName(id))) };
  }
}

async function writeText(output: AtomicFile, parts: AsyncIterable<Part>, format: "jsonl" | "csv"): Promise<void> {
  let isFirst = true;
  for await (const part of parts) {
    const table = decodeParquet(part.bytes);
    if (isFirst && format === "csv") await output.write(encodeCsvHeader(table.columns.keys()));
    await output.write(format === "csv" ? encodeCsv(table) : encodeJsonl(table));
    isFirst = false;
  }
}

/** A part that already is a full row group at the right place is copied as it is. */
async function writeParquetParts(output: AtomicFile, parts: AsyncIterable<Part>): Promise<void> {
  const merger = createParquetMerger();
  let waiting: Table | undefined;
  let hasWritten = false;
  const append = async (bytes: Uint8Array): Promise<void> => {
    hasWritten = true;
    await output.write(merger.append(bytes));
  };
  for await (const part of parts) {
    if (waiting === undefined && part.rows === EXPORT_GROUP_ROWS) {
      await append(part.bytes);
      continue;
    }
    const table = decodeParquet(part.bytes);
    waiting = waiting === undefined ? table : concatTables([waiting, table]);
    let start = 0;
    for (; waiting.rowCount - start >= EXPORT_GROUP_ROWS; start += EXPORT_GROUP_ROWS) {
      await append(encodeParquet(sliceTable(waiting, start, start + EXPORT_GROUP_ROWS)));
    }
    waiting = start === waiting.rowCount ? undefined : sliceTable(waiting, start, waiting.rowCount);
  }
  if (waiting !== undefined || !hasWritten) {
    await append(encodeParquet(waiting ?? { rowCount: 0, columns: new Map() }));
  }
  await output.write(merger.finish());
}
