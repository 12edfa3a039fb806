import { mkdir, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

import { ServiceError } from "../../../lib/errors.ts";
import { toStorageError } from "../../../lib/storage.ts";
import type { ExportFormat } from "../dataset-job/export-formats.ts";
import { readMetadata } from "../dataset-job/metadata.ts";

const FOLDER = "exports";
/** Exports that are written at once; each reads, encodes and writes one row group after the other. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 16;

export interface ExportedFile {
  readonly file: string;
  readonly bytes: number;
}

export interface ExportFiles {
  /**
   * The dataset as one file, written when it is first asked for and kept beside the dataset: one file a format, so that
   * an export of fewer rows makes room for the next. Throws `not_found` without a dataset, `rate_limited` when too many wait, and `storage_failed`.
   */
  exportFile(folder: string, format: ExportFormat): Promise<ExportedFile>;
}

export function createExportFiles(): ExportFiles {
  /** Two readers of the same file wait for one export. It goes on when a reader leaves: the next one finds it done. */
  const underWay = new Map<string, Promise<ExportedFile>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  const withPlace = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running < MAX_AT_ONCE) running += 1;
    else if (waiting.length >= MAX_WAITING) {
      throw new ServiceError("rate_limited", `${MAX_WAITING} exports are waiting already; try again in a moment`);
    } else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };

  return {
    async exportFile(folder, format) {
      const metadata = await readMetadata(folder);
      if (metadata === undefined) throw new ServiceError("not_found", `there is no dataset in ${folder}`);
      const within = path.join(folder, FOLDER);
      const name = `dataset-${metadata.actual_num_records}.${format}`;
      const file = path.join(within, name);
      const begun = underWay.get(file);
      if (begun !== undefined) return begun;
      const work = withPlace(async () => {
        const before = await stat(file).catch(() => undefined);
        if (before !== undefined) return { file, bytes: before.size };
        try {
          await mkdir(within, { recursive: true });
          for (const other of await readdir(within)) {
            if (other !== name && other.endsWith(`.${format}`)) await rm(path.join(within, other), { force: true });
          }
          // Loaded with the first export.
          const { exportDataset } = await import("../dataset-job/export.ts");
          await exportDataset({ folder, metadata, format, file });
          return { file, bytes: (await stat(file)).size };
        } catch (error) {
          throw toStorageError(error, "dataset file", file);
        }
      });
      underWay.set(file, work);
      try {
        return await work;
      } finally {
        underWay.delete(file);
      }
    },
  };
}
