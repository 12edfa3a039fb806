import { createGzip } from "node:zlib";

import { type Pack, pack } from "tar-stream";

import { columnFromValues } from "../../engine/data/table-rows.ts";
import type { JsonValue, Table } from "../../engine/data/table.ts";
import { encodeParquet } from "../../tools/data/writers/parquet.ts";

/** A config as it came, whatever the dialect. */
export type Fields = Readonly<Record<string, unknown>>;

/** Rows of a config: enough of its samplers and expressions to be told apart, drawn by the number of the row. */
export function makeRows(config: Fields, count: number): Record<string, JsonValue>[] {
  const columns = listOf(config["columns"]);
  return Array.from({ length: count }, (_, at) => {
    const row: Record<string, JsonValue> = {};
    for (const column of columns) row[String(column["name"])] = makeCell(column, at, row);
    return row;
  });
}

function makeCell(column: Fields, at: number, row: Readonly<Record<string, JsonValue>>): JsonValue {
  const params = (column["params"] ?? {}) as Fields;
  switch (column["sampler_type"] ?? column["type"]) {
    case "category": {
      const values = params["values"] as JsonValue[];
      return values[at % values.length] ?? null;
    }
    case "uniform":
      return Number(params["low"]) + (at % 100) / 100;
    case "gaussian":
      return Number(params["mean"]) + ((at % 7) - 3) / 10;
    case "uuid":
      return at.toString(16).padStart(32, "0");
    default:
      break;
  }
  if (typeof column["expr"] === "string") return render(column["expr"], row);
  return typeof column["prompt"] === "string" ? `Text about ${render(column["prompt"], row)}` : null;
}

function render(template: string, row: Readonly<Record<string, JsonValue>>): string {
  return template.replaceAll(/\{\{\s*(\w+)\s*(\|\s*upper)?\s*\}\}/g, (_, name: string, upper: string | undefined) => {
    const text = textOf(row[name]);
    return upper === undefined ? text : text.toUpperCase();
  });
}

function textOf(cell: JsonValue | undefined): string {
  return typeof cell === "string" ? cell : JSON.stringify(cell ?? null);
}

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : [];
}

export function toTable(rows: readonly Readonly<Record<string, JsonValue>>[]): Table {
  const names = Object.keys(rows[0] ?? {});
  const columns = new Map(names.map((name) => [name, columnFromValues(rows.map((row) => row[name] ?? null))]));
  return { rowCount: rows.length, columns };
}

/** `DatasetProfilerResults`, as far as readers look at it. */
export function makeAnalysis(rows: readonly Readonly<Record<string, JsonValue>>[], target: number): unknown {
  return {
    num_records: rows.length,
    target_num_records: target,
    side_effect_column_names: [],
    column_profiles: null,
    column_statistics: Object.keys(rows[0] ?? {}).map((name) => ({
      column_name: name,
      column_type: "sampler",
      pyarrow_dtype: "string",
      simple_dtype: "string",
      num_records: rows.length,
      num_null: 0,
      num_unique: "--",
    })),
  };
}

export interface ArchiveFile {
  readonly name: string;
  readonly content?: Uint8Array | string;
  readonly type?: "file" | "symlink" | "directory";
  readonly linkname?: string;
}

/** A tar archive of the files, one after the other. */
export async function makeTar(files: readonly ArchiveFile[], { isGzip = false } = {}): Promise<Buffer> {
  const tar = pack();
  for (const { name, content = "", type = "file", linkname } of files) {
    tar.entry({ name, type, ...(linkname === undefined ? {} : { linkname }) }, Buffer.from(content));
  }
  tar.finalize();
  // The types of the package leave out that an archive streams bytes.
  return collectBytes(isGzip ? zipped(tar) : (tar as AsyncIterable<Uint8Array>));
}

function zipped(tar: Pack): AsyncIterable<Uint8Array> {
  const gzip = createGzip();
  tar.pipe(gzip);
  return gzip;
}

async function collectBytes(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Rows in Parquet files of at most `perFile`. */
export function parquetFiles(
  folder: string,
  rows: readonly Readonly<Record<string, JsonValue>>[],
  perFile: number,
): ArchiveFile[] {
  return Array.from({ length: Math.ceil(rows.length / perFile) }, (_, at) => ({
    name: `${folder}/batch_${String(at).padStart(5, "0")}.parquet`,
    content: encodeParquet(toTable(rows.slice(at * perFile, (at + 1) * perFile))),
  }));
}

export function toCsv(rows: readonly Readonly<Record<string, JsonValue>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map((row) => names.map((name) => textOf(row[name])))]
    .map((cells) => cells.join(","))
    .join("\n");
}
