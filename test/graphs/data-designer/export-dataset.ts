import { readFile } from "node:fs/promises";

import { systemClock } from "../../../lib/clock.ts";
import { createDatasetReader } from "../../../tools/data/datasets/reader.ts";
import type { DataTools } from "../../tools/data/support/open-data-tools.ts";

/** All rows of a job's dataset, as its JSONL file has them. */
export async function exportDataset({ context }: DataTools, jobId: string): Promise<Record<string, unknown>[]> {
  const reader = createDatasetReader({ designer: context.designer, sqlTimeoutMs: 5_000, clock: systemClock });
  try {
    const { file } = await reader.exportFile(jobId, "jsonl");
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  } finally {
    await reader.close();
  }
}
