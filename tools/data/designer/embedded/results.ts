import { createReadStream } from "node:fs";
import { access, stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { ServiceError } from "../../../../lib/errors.ts";
import { toStorageError } from "../../../../lib/storage.ts";
import {
  type Metadata,
  PARQUET_FOLDER,
  PROCESSORS_FOLDER,
  batchName,
  readMetadata,
} from "../../dataset-job/metadata.ts";
import type { JobDownload, JobResult } from "../designer.ts";
import { type ArchiveEntry, openArchive } from "./archive.ts";

export interface ResultsOptions {
  readonly folder: string;
  /** The job's id, which names the files. */
  readonly id: string;
  readonly updatedAt: string;
}

const DATASET = "dataset";
const ANALYSIS = "analysis";
/** What lies beside the rows in the archive of a dataset, if it is there. */
const COMPANIONS = ["metadata.json", "builder_config.json", "README.md"];

/** What a job has made so far and can be fetched: the dataset as soon as a row group is finished, the analysis at the end. */
export async function listResults({ folder, updatedAt }: ResultsOptions): Promise<JobResult[]> {
  const metadata = await readMetadata(folder);
  if (metadata === undefined || metadata.row_groups.length === 0) return [];
  const result = (name: string, ...parts: readonly string[]): JobResult => ({
    name,
    createdAt: updatedAt,
    url: pathToFileURL(path.join(folder, ...parts)).href,
  });
  return [
    result(DATASET, PARQUET_FOLDER),
    ...((await exists(path.join(folder, "analysis.json"))) ? [result(ANALYSIS, "analysis.json")] : []),
    ...processorNames(metadata).map((name) => result(name, PROCESSORS_FOLDER, name)),
  ];
}

/**
 * `dataset` is a tar.gz with `dataset/batch_….parquet` and what tells about them, `analysis` is JSON, and the name of a processor is a
 * tar.gz of its files. Throws `not_found` while it is missing, or when its files are gone, and `unreadable_input` for damaged
 * metadata.
 */
export async function openResult(options: ResultsOptions, name: string): Promise<JobDownload> {
  const { folder, id, updatedAt } = options;
  const metadata = await readMetadata(folder);
  if (metadata === undefined || metadata.row_groups.length === 0) throw missing(id, name, []);
  if (name === ANALYSIS) {
    const file = path.join(folder, "analysis.json");
    if (!(await exists(file))) throw missing(id, name, [DATASET]);
    return { fileName: `${id}-analysis.json`, contentType: "application/json", body: readChunks(file) };
  }
  const entries = await entriesOf(folder, metadata, name);
  if (entries === undefined) throw missing(id, name, [DATASET, ANALYSIS, ...processorNames(metadata)]);
  try {
    const body = await openArchive(entries, new Date(updatedAt));
    return { fileName: `${id}-${name}.tar.gz`, contentType: "application/gzip", body };
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw toStorageError(error, "dataset folder", folder);
    throw new ServiceError("not_found", `files of job ${id} have been removed from ${folder}`, { cause: error });
  }
}

/** Opens the file when the first chunk is asked for, and closes it when nobody asks any more. */
async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  // Without an encoding the stream gives buffers.
  for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) yield chunk;
}

async function entriesOf(folder: string, metadata: Metadata, name: string): Promise<ArchiveEntry[] | undefined> {
  const parts = (from: string): ArchiveEntry[] =>
    metadata.row_groups.map((group) => ({
      name: `${name}/${batchName(group.id)}`,
      file: path.join(folder, from, batchName(group.id)),
    }));
  if (name !== DATASET) {
    return processorNames(metadata).includes(name) ? parts(path.join(PROCESSORS_FOLDER, name)) : undefined;
  }
  const companions: ArchiveEntry[] = [];
  for (const companion of COMPANIONS) {
    const file = path.join(folder, companion);
    if (await exists(file)) companions.push({ name: companion, file });
  }
  return [...companions, ...parts(PARQUET_FOLDER)];
}

function processorNames({ file_paths: files }: Metadata): string[] {
  return Object.keys(files["processor-files"]);
}

function missing(id: string, name: string, known: readonly string[]): ServiceError {
  const there = known.length === 0 ? "it has none yet" : `it has ${known.join(", ")}`;
  return new ServiceError("not_found", `job ${id} has no result "${name}"; ${there}`);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Throws `not_found` unless there is a dataset, whole or half. */
export async function needDatasetFolder(folder: string, id: string): Promise<string> {
  const isThere = await stat(path.join(folder, "metadata.json")).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (isThere) return folder;
  throw new ServiceError("not_found", `job ${id} has no files yet, or they have been removed from ${folder}`);
}
