import { readFile, stat } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { PARQUET_FOLDER, batchName } from "../dataset-job/metadata.ts";

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

/** The part of `metadata.json` that tells which files there are. */
const GroupsOnly = z.object({
  row_groups: z.array(z.object({ id: z.number().int().min(0), num_records: z.number().int().min(0) })),
});

/** Throws `not_found` as long as no row is finished, and `unreadable_input` when a file is damaged. */
export async function findDatasetFiles(folder: string): Promise<DatasetFiles> {
  const metadataFile = path.join(folder, "metadata.json");
  const stats = await stat(metadataFile).catch(() => undefined);
  const parts = stats === undefined ? [] : await readGroups(metadataFile, folder);
  let firstRow = 0;
  const files = parts.map(({ file, rowCount }) => {
    const part = { file, firstRow, rowCount };
    firstRow += rowCount;
    return part;
  });
  if (stats === undefined || files.length === 0)
    throw new ServiceError("not_found", "the dataset has no finished rows yet");
  return { folder, version: `${stats.mtimeMs}-${stats.size}`, files, rowCount: firstRow };
}

async function readGroups(metadataFile: string, folder: string): Promise<Pick<RowFile, "file" | "rowCount">[]> {
  try {
    const { row_groups: groups } = GroupsOnly.parse(JSON.parse(await readFile(metadataFile, "utf8")));
    return groups
      .filter(({ num_records: rowCount }) => rowCount > 0)
      .toSorted((left, right) => left.id - right.id)
      .map(({ id, num_records: rowCount }) => ({ file: path.join(folder, PARQUET_FOLDER, batchName(id)), rowCount }));
  } catch (error) {
    throw new ServiceError("unreadable_input", `${metadataFile} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
