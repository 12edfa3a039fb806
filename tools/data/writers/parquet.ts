import {
  Compression,
  EnabledStatistics,
  Table as WasmTable,
  WriterPropertiesBuilder,
  readParquet,
  writeParquet,
} from "parquet-wasm";

import type { Table } from "../../../engine/data/table.ts";
import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { decodeArrow, encodeArrow } from "./arrow.ts";

const MAX_ROWS = 0x7fff_ffff;

/**
 * The table as one Parquet file with one row group, Snappy compressed. The same rows give the same bytes: nothing of the
 * machine, the time or the way the columns were held in memory gets in.
 */
export function encodeParquet(table: Table): Uint8Array {
  // The encoder takes over both objects, also when it fails.
  const rows = WasmTable.fromIPCStream(encodeArrow(table));
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.SNAPPY)
    .setStatisticsEnabled(EnabledStatistics.Chunk)
    .setMaxRowGroupSize(MAX_ROWS)
    .setCreatedBy("nemops")
    .build();
  return writeParquet(rows, properties);
}

/** Throws `unreadable_input` when the bytes are no Parquet file. */
export function decodeParquet(bytes: Uint8Array): Table {
  let stream: Uint8Array;
  try {
    stream = readParquet(bytes, { batchSize: MAX_ROWS }).intoIPCStream();
  } catch (error) {
    throw new ServiceError("unreadable_input", `no readable Parquet file: ${errorMessage(error)}`, { cause: error });
  }
  return decodeArrow(stream);
}
