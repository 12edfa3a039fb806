import { type FileHandle, open, readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { PARQUET_FOLDER, batchName } from "../dataset-job/metadata.ts";
import { readStruct } from "../writers/thrift.ts";

export interface RowFile {
  readonly file: string;
  /** Place of its first row in the dataset, 0-based. */
  readonly firstRow: number;
  readonly rowCount: number;
}

/** The finished row groups of a dataset in the order of its rows; files without rows are left out. */
export interface DatasetFiles {
  readonly folder: string;
  /** Changes whenever the files do. */
  readonly version: string;
  readonly files: readonly RowFile[];
  readonly rowCount: number;
}

/** The part of `metadata.json` that tells which files there are; a service's own metadata may lack it. */
const GroupsOnly = z.object({
  row_groups: z.array(z.object({ id: z.number().int().min(0), num_records: z.number().int().min(0) })),
});

/** Throws `not_found` as long as no row is finished, and `unreadable_input` when a file is damaged. */
export async function findDatasetFiles(folder: string): Promise<DatasetFiles> {
  const metadataFile = path.join(folder, "metadata.json");
  const stats = await stat(metadataFile).catch(() => undefined);
  const version = stats === undefined ? "none" : `${stats.mtimeMs}-${stats.size}`;
  const counted = stats === undefined ? undefined : await readGroups(metadataFile, folder);
  const parts = (counted ?? (await countFiles(folder))).filter(({ rowCount }) => rowCount > 0);
  let firstRow = 0;
  const files = parts.map(({ file, rowCount }) => {
    const part = { file, firstRow, rowCount };
    firstRow += rowCount;
    return part;
  });
  if (files.length === 0) throw new ServiceError("not_found", "the dataset has no finished rows yet");
  return { folder, version, files, rowCount: firstRow };
}

type Part = Pick<RowFile, "file" | "rowCount">;

async function readGroups(metadataFile: string, folder: string): Promise<Part[] | undefined> {
  let metadata: unknown;
  try {
    metadata = JSON.parse(await readFile(metadataFile, "utf8"));
  } catch (error) {
    throw new ServiceError("unreadable_input", `${metadataFile} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  const groups = GroupsOnly.safeParse(metadata).data?.row_groups;
  return groups
    ?.toSorted((left, right) => left.id - right.id)
    .map(({ id, num_records: rowCount }) => ({ file: path.join(folder, PARQUET_FOLDER, batchName(id)), rowCount }));
}

/** Files of a service that does not say how many rows each has: their footers tell. */
async function countFiles(folder: string): Promise<Part[]> {
  const within = path.join(folder, PARQUET_FOLDER);
  const names = await readdir(within).catch((): string[] => []);
  const files = names.filter((name) => name.endsWith(".parquet")).toSorted();
  const parts: Part[] = [];
  for (const name of files) {
    const file = path.join(within, name);
    parts.push({ file, rowCount: await countRows(file) });
  }
  return parts;
}

/** Source: apache/parquet-format, "File format" and `FileMetaData.num_rows`. */
const ROW_COUNT_FIELD = 3;
const TAIL_BYTES = 8;

async function countRows(file: string): Promise<number> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const tail = size < TAIL_BYTES ? Buffer.alloc(0) : await readAt(handle, size - TAIL_BYTES, TAIL_BYTES);
  const footerBytes = tail.toString("latin1", 4) === "PAR1" ? tail.readUInt32LE(0) : Number.NaN;
  if (!(footerBytes <= size - TAIL_BYTES)) throw new ServiceError("unreadable_input", `${file} is no Parquet file`);
  const footer = readStruct(await readAt(handle, size - TAIL_BYTES - footerBytes, footerBytes));
  const value = footer.fields.find(({ id }) => id === ROW_COUNT_FIELD)?.value;
  return value !== undefined && "integer" in value ? Number(value.integer) : 0;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer;
}
