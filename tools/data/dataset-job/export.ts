import { open, readFile } from "node:fs/promises";
import path from "node:path";

import { concatTables, sliceTable } from "../../../engine/data/table-parts.ts";
import type { Table } from "../../../engine/data/table.ts";
import { type AtomicFile, openAtomicFile } from "../writers/atomic-file.ts";
import { encodeCsv, encodeCsvHeader } from "../writers/csv.ts";
import { encodeJsonl } from "../writers/jsonl.ts";
import { encodeLines } from "../writers/lines.ts";
import { createParquetMerger, parquetFooterBytes, parquetSchemaKey } from "../writers/merge-parquet.ts";
import { decodeParquet, encodeParquet } from "../writers/parquet.ts";
import type { ExportFormat } from "./export-formats.ts";
import { type Metadata, PARQUET_FOLDER, batchName } from "./metadata.ts";
import { type ColumnTypes, joinTableTypes, widenTable } from "./widen.ts";

/** Rows in a row group of an exported Parquet file, whatever the row groups of the job were. */
export const EXPORT_GROUP_ROWS = 10_000;

/** Length and magic number at the end of every Parquet file. */
const FOOTER_END_BYTES = 8;

interface ExportPlaces {
  /** Artifacts of a job. */
  readonly folder: string;
  readonly metadata: Metadata;
  /** Where the dataset goes; replaced when it exists. */
  readonly file: string;
  readonly signal?: AbortSignal;
}

/** All columns in a format for datasets, or the values of one column as lines of text, such as a log to be replayed. */
export type ExportForm = { readonly format: ExportFormat } | { readonly format: "text"; readonly column: string };

export type ExportOptions = ExportPlaces & ExportForm;

/**
 * Writes the dataset as one file, row group by row group. The same rows give the same bytes for any row-group size of
 * the job. Throws `storage_failed`, or `invalid_input` for a column that is not there, and then leaves nothing behind.
 */
export async function exportDataset(options: ExportOptions): Promise<void> {
  const { folder, metadata, file, signal } = options;
  const files = metadata.row_groups.map(({ id, num_records: rows }) => ({
    rows,
    file: path.join(folder, PARQUET_FOLDER, batchName(id)),
  }));
  const output = await openAtomicFile(file);
  try {
    const types = await findTypes(files, signal);
    const parts = readParts(files, types, signal);
    await writeParts(output, parts, options);
    await output.commit();
  } finally {
    await output.discard();
  }
}

async function writeParts(output: AtomicFile, parts: AsyncIterable<Part>, form: ExportForm): Promise<void> {
  switch (form.format) {
    case "parquet":
      return writeParquetParts(output, parts);
    case "csv":
      return writeText(output, parts, encodeCsv, encodeCsvHeader);
    case "jsonl":
      return writeText(output, parts, encodeJsonl);
    case "text":
      return writeText(output, parts, (table) => encodeLines(table, form.column));
  }
}

interface PartFile {
  readonly file: string;
  readonly rows: number;
}

interface Part {
  readonly rows: number;
  readonly table: () => Table;
  /** The file as it is; absent when its columns had to be widened. */
  readonly bytes?: Uint8Array;
}

/** Undefined when all parts have the same types, as those of most datasets have. */
async function findTypes(files: readonly PartFile[], signal?: AbortSignal): Promise<ColumnTypes | undefined> {
  const keys = new Set<string>();
  for (const { file } of files) keys.add(await readSchemaKey(file));
  if (keys.size <= 1) return undefined;
  let types: ColumnTypes = new Map();
  for (const { file } of files) {
    signal?.throwIfAborted();
    types = joinTableTypes(types, decodeParquet(await readFile(file)));
  }
  return types;
}

async function readSchemaKey(file: string): Promise<string> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const readEnd = async (bytes: number): Promise<Uint8Array> => {
    const length = Math.min(bytes, size);
    return (await handle.read({ buffer: new Uint8Array(length), position: size - length })).buffer;
  };
  return parquetSchemaKey(await readEnd(parquetFooterBytes(await readEnd(FOOTER_END_BYTES))));
}

async function* readParts(
  files: readonly PartFile[],
  types: ColumnTypes | undefined,
  signal?: AbortSignal,
): AsyncGenerator<Part> {
  for (const { file, rows } of files) {
    signal?.throwIfAborted();
    const bytes = await readFile(file);
    if (types === undefined) yield { rows, bytes, table: () => decodeParquet(bytes) };
    else yield { rows, table: () => widenTable(decodeParquet(bytes), types) };
  }
}

async function writeText(
  output: AtomicFile,
  parts: AsyncIterable<Part>,
  encode: (table: Table) => string,
  encodeHeader?: (columns: Iterable<string>) => string,
): Promise<void> {
  let isFirst = true;
  for await (const part of parts) {
    const table = part.table();
    if (isFirst && encodeHeader !== undefined) await output.write(encodeHeader(table.columns.keys()));
    await output.write(encode(table));
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
    if (waiting === undefined && part.rows === EXPORT_GROUP_ROWS && part.bytes !== undefined) {
      await append(part.bytes);
      continue;
    }
    const table = part.table();
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
