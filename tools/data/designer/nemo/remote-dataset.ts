import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import { fingerprint } from "../../../../engine/data/design/fingerprint.ts";
import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { sliceTable } from "../../../../engine/data/table-parts.ts";
import { sha256Hex } from "../../../../lib/hash.ts";
import { newUuid } from "../../../../lib/ids.ts";
import { ServiceError, errorMessage } from "../../../../lib/errors.ts";
import { toStorageError } from "../../../../lib/storage.ts";
import {
  DROPPED_FOLDER,
  type Metadata,
  PARQUET_FOLDER,
  PARTIAL_FOLDER,
  PROCESSORS_FOLDER,
  batchName,
  writeMetadata,
} from "../../dataset-job/metadata.ts";
import { readSeedRows } from "../../read-seed.ts";
import { encodeParquet } from "../../writers/parquet.ts";
import type { DesignJob } from "../designer.ts";
import { type ArchiveLimits, type ExtractedFile, extractDataset } from "./archive.ts";
import { parquetRowCount } from "./parquet-rows.ts";
import { profileOf } from "./remote-profile.ts";

const ROW_GROUP_SIZE = 10_000;
/** A dataset that comes as text is held in memory while it is made into Parquet. */
const MAX_TEXT_BYTES = 512 * 1_024 * 1_024;
const TEXT_ENDINGS = [".jsonl", ".json", ".csv"];

export interface RemoteDatasetOptions {
  /** `<NEMOPS_HOME>/datasets-remote`. */
  readonly root: string;
  /** Which service the datasets are from, without its key: folders of another one are fetched anew. */
  readonly service: string;
  readonly limits?: ArchiveLimits | undefined;
}

/** Which job a folder was made from, and whether that job had ended. */
const Origin = z.object({ service: z.string(), job_id: z.string(), status: z.string(), is_final: z.boolean() });

export interface FetchedDataset {
  readonly job: DesignJob;
  readonly isFinal: boolean;
  readonly body: AsyncIterable<Uint8Array>;
  /** As the service has it; undefined while there is none. */
  readonly analysis: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Datasets of a service, as folders of this machine. */
export interface RemoteDatasets {
  folderOf(id: string): string;
  /** Whether the folder holds the dataset as it will stay. */
  isComplete(id: string): Promise<boolean>;
  /** Puts a dataset into its folder, whole or not at all; one that is there is replaced. */
  store(dataset: FetchedDataset): Promise<string>;
  remove(id: string): Promise<void>;
}

export function createRemoteDatasets({ root, service, limits }: RemoteDatasetOptions): RemoteDatasets {
  const folderOf = (id: string): string => path.join(root, folderName(id));
  return {
    folderOf,
    isComplete: async (id) => {
      const origin = await readOrigin(folderOf(id));
      return origin?.is_final === true && origin.service === service && origin.job_id === id;
    },
    store: async (dataset) => {
      const { job, isFinal } = dataset;
      const target = folderOf(job.id);
      const staging = path.join(root, `.${folderName(job.id)}-${newUuid()}`);
      try {
        await mkdir(staging, { recursive: true });
        const scratch = path.join(staging, "scratch");
        const files = await extractDataset(dataset.body, {
          folder: scratch,
          ...(limits === undefined ? {} : { limits }),
          signal: dataset.signal,
        });
        await arrange(files, staging, job);
        await writeAnalysis(staging, dataset);
        await rm(scratch, { recursive: true, force: true });
        const origin: z.infer<typeof Origin> = { service, job_id: job.id, status: job.status, is_final: isFinal };
        await writeFile(path.join(staging, "origin.json"), `${JSON.stringify(origin)}\n`);
        await replaceFolder(staging, target);
        return target;
      } catch (error) {
        throw toStorageError(error, "dataset folder", target);
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    },
    remove: async (id) => {
      await rm(folderOf(id), { recursive: true, force: true });
    },
  };
}

/** Ids that could lead elsewhere, or differ in case only, get a name of their own. */
function folderName(id: string): string {
  return /^[a-z0-9][a-z0-9._-]{0,99}$/.test(id) ? id : `job-${sha256Hex(id).slice(0, 40)}`;
}

async function readOrigin(folder: string): Promise<z.infer<typeof Origin> | undefined> {
  try {
    return Origin.parse(JSON.parse(await readFile(path.join(folder, "origin.json"), "utf8")));
  } catch {
    // Missing or damaged: it is fetched again.
    return undefined;
  }
}

/** A folder cannot be renamed onto one that is not empty. */
async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${from}-old`;
  await rename(to, old).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
  });
  try {
    await rename(from, to);
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

/** What the service says lies beside the profile when that is not the same. */
async function writeAnalysis(folder: string, { analysis, job }: FetchedDataset): Promise<void> {
  const write = (name: string, value: unknown): Promise<void> =>
    writeFile(path.join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  if (analysis !== undefined) await write("service-analysis.json", analysis);
  const files = (await readdir(path.join(folder, PARQUET_FOLDER))).toSorted();
  const profile = await profileOf(
    analysis,
    files.map((file) => path.join(folder, PARQUET_FOLDER, file)),
    job,
  );
  if (profile !== undefined) await write("analysis.json", profile);
}

/** Sorts files into the layout of our own datasets and writes `metadata.json`. */
async function arrange(files: readonly ExtractedFile[], folder: string, job: DesignJob): Promise<void> {
  const parts = new Map<string, ExtractedFile[]>();
  for (const file of files.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    const part = partOf(file.name);
    if (part !== undefined) parts.set(part, [...(parts.get(part) ?? []), file]);
  }
  if (!parts.has(PARQUET_FOLDER)) {
    const text = files.find(({ name }) => TEXT_ENDINGS.includes(path.extname(name).toLowerCase()));
    if (text === undefined) {
      throw new ServiceError("unreadable_input", "the dataset of the NeMo service holds no Parquet, JSON or CSV file");
    }
    parts.set(PARQUET_FOLDER, await toParquet(text, folder));
  }
  const config = files.find(({ name }) => path.posix.basename(name) === "builder_config.json");
  if (config !== undefined) await copyFile(config.file, path.join(folder, "builder_config.json"));
  else if (job.config !== null) {
    await writeFile(
      path.join(folder, "builder_config.json"),
      `${JSON.stringify({ data_designer: job.config }, null, 2)}\n`,
    );
  }
  const placed = new Map<string, string[]>();
  for (const [part, list] of parts) {
    await mkdir(path.join(folder, part), { recursive: true });
    for (const [id, { file }] of list.entries()) await rename(file, path.join(folder, part, batchName(id)));
    placed.set(
      part,
      list.map((_, id) => `${part}/${batchName(id)}`),
    );
  }
  await writeMetadata(folder, await describe(folder, placed, job));
}

/** The folder of a dataset that a Parquet file of an archive belongs to; undefined for other files. */
function partOf(name: string): string | undefined {
  if (!name.toLowerCase().endsWith(".parquet")) return undefined;
  const folders = name.split("/").slice(0, -1);
  if (folders.includes(PARTIAL_FOLDER)) return undefined;
  if (folders.includes(DROPPED_FOLDER)) return DROPPED_FOLDER;
  const processor = folders.indexOf(PROCESSORS_FOLDER);
  if (processor === -1) return PARQUET_FOLDER;
  const label = folders[processor + 1] ?? path.posix.basename(name, ".parquet");
  return `${PROCESSORS_FOLDER}/${label.replaceAll(/[^\w.-]/g, "_").replace(/^\.+/, "_")}`;
}

async function toParquet({ file }: ExtractedFile, folder: string): Promise<ExtractedFile[]> {
  const table = await readSeedRows({
    file: path.basename(file),
    allowedFolder: path.dirname(file),
    maxBytes: MAX_TEXT_BYTES,
  }).catch((error: unknown) => {
    const code = error instanceof ServiceError ? error.code : "unreadable_input";
    const why = errorMessage(error).replace(/^seed file [^:]*: /, "");
    throw new ServiceError(code, `the dataset of the NeMo service cannot be read: ${why}`, { cause: error });
  });
  const files: ExtractedFile[] = [];
  for (let start = 0; start < table.rowCount; start += ROW_GROUP_SIZE) {
    const part = path.join(folder, `group-${files.length}.parquet`);
    await writeFile(part, encodeParquet(sliceTable(table, start, start + ROW_GROUP_SIZE)));
    files.push({ name: batchName(files.length), file: part });
  }
  return files;
}

async function describe(folder: string, placed: ReadonlyMap<string, string[]>, job: DesignJob): Promise<Metadata> {
  const files = placed.get(PARQUET_FOLDER) ?? [];
  const counts = await Promise.all(files.map((file) => parquetRowCount(path.join(folder, file))));
  const actual = counts.reduce((sum, count) => sum + count, 0);
  const { design } = parseDesign(job.config);
  const target = job.numRecords === 0 ? actual : job.numRecords;
  let first = 0;
  return {
    target_num_records: target,
    original_target_num_records: target,
    actual_num_records: actual,
    total_num_batches: files.length,
    num_completed_batches: files.length,
    buffer_size: Math.max(1, ...counts),
    dataset_name: job.name,
    file_paths: {
      [PARQUET_FOLDER]: files,
      "processor-files": Object.fromEntries(
        [...placed].flatMap(([part, list]) =>
          part.startsWith(`${PROCESSORS_FOLDER}/`) ? [[part.slice(PROCESSORS_FOLDER.length + 1), list]] : [],
        ),
      ),
    },
    ...(design === undefined
      ? { config_hash: "", config_hash_algo: "sha256", config_hash_version: 2 }
      : fingerprint(design)),
    preserve_dropped_columns: placed.has(DROPPED_FOLDER),
    post_generation_state: job.status === "completed" ? "completed" : null,
    // A service draws without one.
    seed: "",
    text_model: job.textModel,
    row_groups: counts.map((count, id) => {
      const entry = { id, first_row: first, row_count: count, num_records: count };
      first += count;
      return entry;
    }),
    failures: [],
  };
}
