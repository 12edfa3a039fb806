import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import path from "node:path";

import { columnFromValues } from "../../engine/data/table-rows.ts";
import type { ColumnData, JsonValue, Table } from "../../engine/data/table.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import { parseCsv } from "./parse-csv.ts";
import { readParquetSeed } from "./read-parquet-seed.ts";

export interface ReadSeedOptions {
  /** As the design names it; relative to `allowedFolder`. */
  readonly file: string;
  /** The file must lie in it, after all links are followed. */
  readonly allowedFolder: string;
  readonly maxBytes?: number;
}

/** A seed dataset is held in memory, several times its size on disk. */
const MAX_BYTES = 256 * 1_024 * 1_024;

/**
 * Reads a seed dataset: CSV with a header, a JSON array of objects, JSON Lines or Parquet, told by the ending of the
 * name. Throws `not_found`, `forbidden` (outside of the allowed folder), `payload_too_large`, and `unreadable_input` with the
 * line for a file that is empty, ragged or of another kind.
 */
export async function readSeedRows({ file, allowedFolder, maxBytes = MAX_BYTES }: ReadSeedOptions): Promise<Table> {
  const kind = path.extname(file).toLowerCase();
  const parse = PARSERS[kind];
  if (parse === undefined && kind !== PARQUET) {
    const known = [...Object.keys(PARSERS), PARQUET].join(", ");
    throw new ServiceError("unreadable_input", `seed file ${file}: "${kind}" is not read; known are ${known}`);
  }
  await using opened = await openAllowed(file, allowedFolder, maxBytes);
  try {
    if (parse === undefined) return toTable(await readParquetSeed(opened));
    return toTable(parse((await opened.handle.readFile("utf8")).replace(/^\uFEFF/, "")));
  } catch (error) {
    if (error instanceof ServiceError && error.code !== "unreadable_input") {
      throw new ServiceError(error.code, `seed file ${file}: ${error.message}`, { cause: error });
    }
    throw new ServiceError("unreadable_input", `seed file ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

interface OpenedSeed extends AsyncDisposable {
  readonly handle: FileHandle;
  /** Where it is, after all links are followed. */
  readonly real: string;
}

async function openAllowed(file: string, allowedFolder: string, maxBytes: number): Promise<OpenedSeed> {
  const folder = await realpath(allowedFolder);
  const wanted = path.resolve(folder, file);
  let real: string;
  try {
    real = await realpath(wanted);
  } catch (error) {
    // Outside of the folder the answer must not tell which files exist.
    if (!isInside(wanted, folder)) throw outside(file, allowedFolder);
    throw new ServiceError("not_found", `seed file ${file} does not exist in ${allowedFolder}`, { cause: error });
  }
  if (!isInside(real, folder)) throw outside(file, allowedFolder);
  const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new ServiceError("unreadable_input", `seed file ${file} is no regular file`);
    if (stats.size > maxBytes) {
      const sizes = `${stats.size} bytes, at most ${maxBytes} are read`;
      throw new ServiceError("payload_too_large", `seed file ${file} has ${sizes}`);
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { handle, real, [Symbol.asyncDispose]: () => handle.close() };
}

function outside(file: string, allowedFolder: string): ServiceError {
  return new ServiceError("forbidden", `seed file ${file} lies outside of ${allowedFolder}; move it there`);
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== "" && !relative.startsWith(`..${path.sep}`) && relative !== ".." && !path.isAbsolute(relative);
}

const PARQUET = ".parquet";

type Records = readonly Readonly<Record<string, JsonValue>>[];

const PARSERS: Readonly<Record<string, (text: string) => Records>> = {
  ".csv": parseCsv,
  ".json": parseJson,
  ".jsonl": parseJsonLines,
  ".ndjson": parseJsonLines,
};

function parseJson(text: string): Records {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) throw new Error("must be an array of objects");
  return value.map((item: unknown, at) => toRecord(item, `entry ${at + 1}`));
}

function parseJsonLines(text: string): Records {
  return text.split("\n").flatMap((line, at) => {
    if (line.trim() === "") return [];
    try {
      return [toRecord(JSON.parse(line), `line ${at + 1}`)];
    } catch (error) {
      if (error instanceof SyntaxError) throw new Error(`line ${at + 1}: ${error.message}`, { cause: error });
      throw error;
    }
  });
}

function toRecord(value: unknown, where: string): Readonly<Record<string, JsonValue>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${where} is no object`);
  // What JSON.parse answers holds JSON values only.
  return value as Readonly<Record<string, JsonValue>>;
}

/** Columns in the order in which they come first; a record without one has a missing value there. */
function toTable(records: Records): Table {
  if (records.length === 0) throw new Error("it has no rows");
  const names = new Set<string>();
  for (const record of records) for (const name of Object.keys(record)) names.add(name);
  const columns = new Map<string, ColumnData>();
  for (const name of names) {
    const values = records.map((record) => (Object.hasOwn(record, name) ? (record[name] ?? null) : null));
    columns.set(name, columnFromValues(values));
  }
  return { rowCount: records.length, columns };
}
