import path from "node:path";

import { type Design, isLlmColumn } from "../../../engine/data/design/design.ts";
import { fingerprint } from "../../../engine/data/design/fingerprint.ts";
import { planColumns } from "../../../engine/data/design/plan.ts";
import type { Table } from "../../../engine/data/table.ts";
import { OFFLINE_TEXT_LABEL } from "../../../engine/data/text/label.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { createFolderOf, toStorageError } from "../../../lib/storage.ts";
import { writeFileAtomically } from "../writers/atomic-file.ts";
import { nextGroups } from "./groups.ts";
import {
  type Metadata,
  PARQUET_FOLDER,
  PARTIAL_FOLDER,
  PROCESSORS_FOLDER,
  type RowGroupEntry,
  batchName,
  readMetadata,
  writeMetadata,
} from "./metadata.ts";

export const DEFAULT_ROW_GROUP_SIZE = 10_000;
/** Where models are asked a row takes seconds, and a kill costs what is not finished. */
export const ASKING_ROW_GROUP_SIZE = 1_000;

export interface OpenJobOptions {
  readonly design: Design;
  readonly datasetName: string;
  readonly folder: string;
  readonly numRecords: number;
  readonly seed: number | string;
  readonly seedRows?: Table;
  readonly rowGroupSize?: number;
  readonly resume?: boolean;
}

/** A job whose folder is ready. `metadata` is replaced as row groups are finished. */
export interface Job {
  metadata: Metadata;
  /** Columns of the finished dataset in order. */
  readonly columns: readonly string[];
  readonly sideEffects: readonly string[];
}

/** Makes the folder ready, or finds what an earlier run finished in it. Throws `conflict` and `storage_failed`. */
export async function openJob(options: OpenJobOptions & { readonly defaultRowGroupSize: number }): Promise<Job> {
  const { design, folder, numRecords, seed, seedRows, resume = false } = options;
  const before = await readMetadata(folder);
  // A job that goes on keeps its size, unless another one is asked for.
  const rowGroupSize = options.rowGroupSize ?? before?.buffer_size ?? options.defaultRowGroupSize;
  const plan = planColumns(design, seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] });
  const { config_hash, config_hash_algo, config_hash_version } = fingerprint(design);
  const fresh: Metadata = {
    target_num_records: numRecords,
    original_target_num_records: numRecords,
    actual_num_records: 0,
    total_num_batches: Math.ceil(numRecords / rowGroupSize),
    num_completed_batches: 0,
    buffer_size: rowGroupSize,
    dataset_name: options.datasetName,
    file_paths: describeGroups([], transformNames(design)).file_paths,
    config_hash,
    config_hash_algo,
    config_hash_version,
    preserve_dropped_columns: true,
    post_generation_state: null,
    seed,
    text_model: design.columns.some(isLlmColumn) ? OFFLINE_TEXT_LABEL : null,
    row_groups: [],
    failures: [],
  };
  if (before !== undefined && !resume) {
    throw new ServiceError("conflict", `${folder} holds a dataset already; resume it or take another folder`);
  }
  const metadata = before === undefined ? fresh : continueFrom(before, fresh, folder);
  try {
    createFolderOf(path.join(folder, PARTIAL_FOLDER, "x"));
    createFolderOf(path.join(folder, PARQUET_FOLDER, "x"));
  } catch (error) {
    throw toStorageError(error, "dataset folder", folder);
  }
  const config = { data_designer: design, library_version: "0.9.0" };
  await writeFileAtomically(path.join(folder, "builder_config.json"), `${JSON.stringify(config, null, 2)}\n`);
  await writeMetadata(folder, metadata);
  return { metadata, columns: plan.output, sideEffects: [...plan.sideEffects.values()].flat() };
}

/** What an earlier run finished counts when design, seed and row-group size are the same; more rows may be asked for. */
function continueFrom(before: Metadata, fresh: Metadata, folder: string): Metadata {
  const differences = [
    ["design", before.config_hash, fresh.config_hash],
    ["seed", before.seed, fresh.seed],
    ["row-group size", before.buffer_size, fresh.buffer_size],
  ].filter(([, left, right]) => left !== right);
  if (differences.length > 0) {
    const said = differences.map(([what, left, right]) => `${what} ${left}, now ${right}`).join("; ");
    throw new ServiceError("conflict", `${folder} was begun with another ${said}; resume needs the same`);
  }
  if (fresh.target_num_records < before.target_num_records) {
    const counts = `${before.target_num_records} rows, now ${fresh.target_num_records}`;
    throw new ServiceError("conflict", `${folder} was begun with ${counts}; resume cannot make a dataset smaller`);
  }
  // With other bounds of a group the file is made anew, under the same name.
  const wanted = new Map(
    nextGroups([], { numRecords: fresh.target_num_records, groupSize: fresh.buffer_size, isRefilled: true }).map(
      (task) => [task.id, task],
    ),
  );
  const isSameTarget = before.target_num_records === fresh.target_num_records;
  const kept = before.row_groups.filter(({ id, first_row, row_count }) => {
    const task = wanted.get(id);
    return task === undefined ? isSameTarget : task.firstRow === first_row && task.rowCount === row_count;
  });
  return {
    ...fresh,
    original_target_num_records: before.original_target_num_records,
    text_model: before.row_groups.length > 0 ? before.text_model : fresh.text_model,
    failures: before.failures,
    ...(before.embedding_model === undefined ? {} : { embedding_model: before.embedding_model }),
    ...(before.transform_failures === undefined ? {} : { transform_failures: before.transform_failures }),
    ...(before.usage === undefined ? {} : { usage: before.usage }),
    ...describeGroups(kept, Object.keys(fresh.file_paths["processor-files"])),
  };
}

/** The parts of the metadata that follow from which row groups are finished. */
export function describeGroups(
  groups: readonly RowGroupEntry[],
  processors: readonly string[],
): Pick<Metadata, "row_groups" | "actual_num_records" | "num_completed_batches" | "file_paths"> {
  const sorted = [...groups].sort((left, right) => left.id - right.id);
  const filesIn = (folder: string): string[] => sorted.map(({ id }) => `${folder}/${batchName(id)}`);
  return {
    row_groups: sorted,
    actual_num_records: sorted.reduce((sum, group) => sum + group.num_records, 0),
    num_completed_batches: sorted.length,
    file_paths: {
      [PARQUET_FOLDER]: filesIn(PARQUET_FOLDER),
      "processor-files": Object.fromEntries(processors.map((name) => [name, filesIn(`${PROCESSORS_FOLDER}/${name}`)])),
    },
  };
}

function transformNames(design: Design): string[] {
  return (design.processors ?? []).flatMap((processor) =>
    processor.processor_type === "schema_transform" ? [processor.name] : [],
  );
}
