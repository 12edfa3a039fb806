import { readFile } from "node:fs/promises";

import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { DatasetProfile, buildProfile } from "../../../../engine/data/profile/profile.ts";
import { type TableSummary, mergeSummaries, summarizeTable } from "../../../../engine/data/profile/summary.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { decodeParquet } from "../../writers/parquet.ts";
import type { DesignJob } from "../designer.ts";

/**
 * The profile of a fetched dataset in our own form. Services leave figures out and write `--` for one that failed; then
 * it is made of the rows. Undefined when they have a type that cannot be read here: they are worth having without it.
 */
export async function profileOf(
  analysis: unknown,
  files: readonly string[],
  job: DesignJob,
): Promise<DatasetProfile | undefined> {
  const told = DatasetProfile.safeParse(analysis);
  if (told.success) return told.data;
  try {
    let summary: TableSummary = new Map();
    let firstRow = 0;
    let columnNames: readonly string[] = [];
    for (const file of files) {
      const table = decodeParquet(await readFile(file));
      summary = mergeSummaries(summary, summarizeTable(table, firstRow));
      firstRow += table.rowCount;
      columnNames = [...table.columns.keys()];
    }
    const design = parseDesign(job.config).design ?? EMPTY_DESIGN;
    return buildProfile({ design, summary, columnNames, targetNumRecords: job.numRecords });
  } catch (error) {
    if (error instanceof ServiceError || error instanceof TypeError) return undefined;
    throw error;
  }
}

const EMPTY_DESIGN = {
  columns: [],
  model_configs: null,
  tool_configs: null,
  seed_config: null,
  constraints: null,
  profilers: null,
  processors: null,
};
