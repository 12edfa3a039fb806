import { rm } from "node:fs/promises";
import path from "node:path";

import { type DatasetProfile, buildProfile } from "../../../engine/data/profile/profile.ts";
import type { ColumnModelUsage } from "../../../engine/data/steps/model-cells.ts";
import type { GenerationServices } from "../generation-services.ts";
import { writeJudgeSummaries } from "../judge-summaries.ts";
import { writeFileAtomically } from "../writers/atomic-file.ts";
import { datasetCard } from "./dataset-card.ts";
import type { JobEvent } from "./events.ts";
import { CARD_FILE, type Metadata, PARTIAL_FOLDER, writeMetadata } from "./metadata.ts";
import type { Job, OpenJobOptions } from "./open-job.ts";
import type { Recorder } from "./recorder.ts";

export interface FinishOptions extends Pick<OpenJobOptions, "folder" | "design" | "numRecords"> {
  readonly recorder: Recorder;
  readonly onEvent: (event: JobEvent) => void;
  readonly services?: GenerationServices;
  readonly onUsage: (usage: readonly ColumnModelUsage[]) => void;
  readonly signal?: AbortSignal;
}

/** Writes the profile and the card of a job whose row groups are there, and says what is missing. */
export async function finishJob(job: Job, options: FinishOptions): Promise<DatasetProfile> {
  const { folder, design, numRecords, recorder, onEvent } = options;
  for (const message of warningsOf(job.metadata, numRecords)) onEvent({ type: "log", level: "warning", message });
  const counted = buildProfile({
    design,
    summary: recorder.summary(),
    columnNames: job.columns,
    sideEffectColumns: job.sideEffects,
    targetNumRecords: numRecords,
  });
  const { services, onUsage, signal } = options;
  const profile = await writeJudgeSummaries(counted, {
    design,
    services,
    onEvent,
    onUsage,
    ...(signal === undefined ? {} : { signal }),
  });
  await recorder.recordRest();
  await writeFileAtomically(path.join(folder, "analysis.json"), `${JSON.stringify(profile, null, 2)}\n`);
  const { length: count } = job.metadata.row_groups;
  job.metadata = { ...job.metadata, total_num_batches: count, post_generation_state: "completed" };
  await writeFileAtomically(path.join(folder, CARD_FILE), datasetCard({ metadata: job.metadata, profile, design }));
  await writeMetadata(folder, job.metadata);
  await rm(path.join(folder, PARTIAL_FOLDER), { recursive: true, force: true });
  onEvent({ type: "analysis", profile });
  return profile;
}

function warningsOf(metadata: Metadata, numRecords: number): string[] {
  const { actual_num_records: actual, row_groups: groups, failures, transform_failures: gaps = [] } = metadata;
  const warnings: string[] = [];
  if (actual < numRecords) {
    const made = groups.reduce((sum, group) => sum + group.row_count, 0);
    const [most] = failures.toSorted((left, right) => right.count - left.count);
    const why = most === undefined ? "" : `; most often column "${most.column}" failed: ${most.kind}`;
    warnings.push(`generated ${actual} of ${numRecords} rows: ${made - actual} of ${made} were dropped${why}`);
  }
  for (const { processor, column, count, examples } of gaps) {
    const example = examples[0] === undefined ? "" : `, for example row ${examples[0].row}: ${examples[0].message}`;
    warnings.push(`processor "${processor}": "${column}" is missing in ${count} rows${example}`);
  }
  return warnings;
}
