import { mkdir, readFile, rename } from "node:fs/promises";
import path from "node:path";

import type { TransformedTable } from "../../../engine/data/processors/schema-transform.ts";
import { type TableSummary, summarizeTable } from "../../../engine/data/profile/summary.ts";
import type { RowFailure, RowGenerator } from "../../../engine/data/row-generator.ts";
import type { StepContext } from "../../../engine/data/steps/step.ts";
import type { Table } from "../../../engine/data/table.ts";
import { toStorageError } from "../../../lib/storage.ts";
import { writeFileAtomically } from "../writers/atomic-file.ts";
import { decodeParquet, encodeParquet } from "../writers/parquet.ts";
import {
  DROPPED_FOLDER,
  MAX_EXAMPLES,
  PARQUET_FOLDER,
  PARTIAL_FOLDER,
  PROCESSORS_FOLDER,
  type TransformFailureCount,
  batchName,
} from "./metadata.ts";

/** `generate` makes rows and writes their files; `summarize` reads a file that an earlier run wrote. */
export interface RowGroupTask {
  readonly kind: "generate" | "summarize";
  readonly id: number;
  readonly firstRow: number;
  readonly rowCount: number;
}

export interface RowGroupResult {
  readonly id: number;
  /** Rows that survived. */
  readonly rows: number;
  readonly bytes: number;
  readonly failures: readonly RowFailure[];
  readonly failureCount: number;
  readonly transformFailures: readonly TransformFailureCount[];
  readonly summary: TableSummary;
}

export type RunRowGroup = (task: RowGroupTask, context?: StepContext) => Promise<RowGroupResult>;

/** A second dataset made of the finished rows, by a processor. */
export interface Transform {
  readonly name: string;
  apply(table: Table): TransformedTable;
}

export interface RowGroupRunnerOptions {
  readonly generator: RowGenerator;
  readonly transforms: readonly Transform[];
  readonly folder: string;
}

/** Failures of a row group that are passed on one by one; a group whose every row fails would flood its reader. */
const MAX_FAILURES = 1_000;

/** Throws `storage_failed` when the disk does not take the files; what is in place then is whole. */
export function createRowGroupRunner({ generator, transforms, folder }: RowGroupRunnerOptions): RunRowGroup {
  return async ({ kind, id, firstRow, rowCount }, context) => {
    if (kind === "summarize") {
      const bytes = await readFile(path.join(folder, PARQUET_FOLDER, batchName(id)));
      const table = decodeParquet(bytes);
      const summary = summarizeTable(table, firstRow);
      return {
        id,
        rows: table.rowCount,
        bytes: bytes.length,
        failures: [],
        failureCount: 0,
        transformFailures: [],
        summary,
      };
    }
    const { table, dropped, rows, failures } = await generator.generateRows({ firstRow, rowCount }, context);
    let bytes = await writeTable(folder, DROPPED_FOLDER, id, dropped);
    const transformFailures: TransformFailureCount[] = [];
    for (const transform of transforms) {
      const made = transform.apply(table);
      bytes += await writeTable(folder, path.join(PROCESSORS_FOLDER, transform.name), id, made.table);
      transformFailures.push(...countByColumn(transform.name, made.failures, rows));
    }
    // The main file comes last: a group whose main file is in place is complete.
    bytes += await writeTable(folder, PARQUET_FOLDER, id, table);
    return {
      id,
      rows: table.rowCount,
      bytes,
      failures: failures.slice(0, MAX_FAILURES),
      failureCount: failures.length,
      transformFailures,
      summary: summarizeTable(table, firstRow),
    };
  };
}

function countByColumn(
  processor: string,
  failures: TransformedTable["failures"],
  rows: ArrayLike<number>,
): TransformFailureCount[] {
  return [...Map.groupBy(failures, ({ column }) => column)].map(([column, found]) => ({
    processor,
    column,
    count: found.length,
    examples: found.slice(0, MAX_EXAMPLES).map(({ row, message }) => ({ row: rows[row] ?? row, message })),
  }));
}

async function writeTable(folder: string, part: string, id: number, table: Table): Promise<number> {
  if (table.columns.size === 0) return 0;
  const bytes = encodeParquet(table);
  const partial = path.join(folder, PARTIAL_FOLDER, `${part.replaceAll(path.sep, "_")}-${batchName(id)}`);
  const target = path.join(folder, part, batchName(id));
  await writeFileAtomically(partial, bytes, { isDurable: true });
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await rename(partial, target);
  } catch (error) {
    throw toStorageError(error, "dataset file", target);
  }
  return bytes.length;
}
