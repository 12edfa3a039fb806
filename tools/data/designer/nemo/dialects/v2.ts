import { z } from "zod";

import type { PreviewMessage } from "../../designer.ts";
import type { Dialect } from "../dialect.ts";
import { readLevel } from "../log-lines.ts";
import { readRecords } from "../records.ts";
import { toV2Config } from "../translate/to-v2.ts";
import { compact } from "../translate/translation.ts";
import { listQuery } from "./v1.ts";

/**
 * Workspaces of the NeMo Platform of 2026. Jobs are named by their names. `hasFactory` tells whether they lie under
 * `jobs/create`, as the Python SDK has them, or under `jobs`, as the Studio does.
 */
export function createV2Dialect({ workspace, hasFactory }: { workspace: string; hasFactory: boolean }): Dialect {
  const root = v2Root(workspace);
  const jobs = `${root}/jobs${hasFactory ? "/create" : ""}`;
  const job = (name: string): string => `${jobs}/${encodeURIComponent(name)}`;
  return {
    title: `v2, workspace ${workspace}`,
    paths: {
      preview: `${root}/preview`,
      jobs,
      job,
      cancel: (name) => `${job(name)}/cancel`,
      status: (name) => `${job(name)}/status`,
      logs: (name) => [`${job(name)}/logs`],
      results: (name) => `${job(name)}/results`,
      download: (name, key) => `${job(name)}/results/${encodeURIComponent(key)}/download`,
      settings: undefined,
    },
    previewType: "application/x-ndjson",
    hasDiscriminatorChoice: false,
    keepsCustomFields: true,
    listsWhole: false,
    toConfig: toV2Config,
    fromConfig: (config) => config,
    createBody: ({ name, description, project, ownership, numRecords }, config, customFields) =>
      compact({
        name,
        description,
        project,
        ownership,
        custom_fields: customFields,
        spec: { num_records: numRecords, config },
      }),
    previewBody: (config, numRecords) => ({ config, num_records: numRecords }),
    listQuery,
    idOf: ({ name, id }) => name ?? id ?? undefined,
    resultName: (result) => {
      const name = result.result_name ?? result.name ?? result.id ?? "";
      return name === ARTIFACTS ? "dataset" : name;
    },
    resultKey: (name) => (name === "dataset" ? ARTIFACTS : name),
    readPreview,
  };
}

/** The dataset with everything beside it. */
const ARTIFACTS = "artifacts";

export function v2Root(workspace: string): string {
  return `/apis/data-designer/v2/workspaces/${encodeURIComponent(workspace)}`;
}

const Frame = z.object({
  kind: z.string(),
  level: z.string().nullish(),
  message: z.string().nullish(),
  error: z.unknown().optional(),
  records: z.unknown().optional(),
  analysis: z.unknown().optional(),
});

function readPreview(line: unknown): readonly PreviewMessage[] {
  const frame = Frame.parse(line);
  switch (frame.kind) {
    case "heartbeat":
      return [{ kind: "heartbeat" }];
    case "log":
      return [{ kind: "log", level: readLevel(frame.level), message: frame.message ?? "" }];
    case "error":
      return [{ kind: "log", level: "error", message: frame.message ?? sayError(frame.error) }];
    case "dataset": {
      const records = readRecords(frame.records);
      if (records === undefined) throw new Error("the dataset has no list of records");
      return [{ kind: "dataset", records }];
    }
    case "analysis":
      return [{ kind: "analysis", analysis: frame.analysis }];
    default:
      // `done`, `dataset_metadata`, `processor_output` and what later versions add.
      return [];
  }
}

function sayError(error: unknown): string {
  if (typeof error === "string") return error;
  return error === undefined ? "the preview failed" : JSON.stringify(error).slice(0, 500);
}
