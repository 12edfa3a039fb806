import { z } from "zod";

import type { PreviewMessage } from "../../designer.ts";
import type { Dialect } from "../dialect.ts";
import { readOldLogLine } from "../log-lines.ts";
import { readRecords } from "../records.ts";
import { fromV1Beta1Config } from "../translate/from-v1beta1.ts";
import { toV1Beta1Config } from "../translate/to-v1beta1.ts";
import type { WireResult } from "../wire.ts";

const ROOT = "/v1beta1/data-designer";

/**
 * 25.8 and 25.9: a flat body without a name, lists without pages, results by id. Source: Python SDK 1.2,
 * `resources/beta/data_designer`.
 */
export const V1BETA1: Dialect = {
  title: "v1beta1",
  paths: {
    preview: `${ROOT}/preview`,
    jobs: `${ROOT}/jobs`,
    job: (id) => `${ROOT}/jobs/${encodeURIComponent(id)}`,
    cancel: (id) => `${ROOT}/jobs/${encodeURIComponent(id)}/cancel`,
    status: undefined,
    logs: (id) => [`${ROOT}/jobs/${encodeURIComponent(id)}/logs`],
    results: (id) => `${ROOT}/jobs/${encodeURIComponent(id)}/results`,
    download: (id, key) => `${ROOT}/jobs/${encodeURIComponent(id)}/results/${encodeURIComponent(key)}/download`,
    settings: undefined,
  },
  previewType: "application/jsonl",
  hasDiscriminatorChoice: true,
  keepsCustomFields: false,
  listsWhole: true,
  toConfig: (design, hasDiscriminators) => toV1Beta1Config(design, { hasDiscriminators }),
  fromConfig: fromV1Beta1Config,
  createBody: ({ numRecords }, config) => ({ config, num_records: numRecords }),
  previewBody: (config, numRecords) => ({ config, num_records: numRecords }),
  listQuery: () => ({}),
  idOf: ({ id }) => id ?? undefined,
  resultName,
  resultKey: (name, results) => results.find((result) => resultName(result) === name)?.id ?? undefined,
  readPreview,
};

/** The dataset is the canonical result; the report of the evaluation is the page of HTML. */
function resultName(result: WireResult): string {
  if (result.format === "html") return "evaluation";
  return result.canonical === true ? "dataset" : (result.id ?? "");
}

const Message = z.object({
  step: z.string().nullish(),
  stream: z.string().nullish(),
  type: z.string().nullish(),
  payload: z.record(z.string(), z.unknown()).nullish(),
});

function readPreview(line: unknown): readonly PreviewMessage[] {
  const { stream, type, payload, step } = Message.parse(line);
  if (stream === "step_outputs" && payload !== null && payload !== undefined && "dataset" in payload) {
    const records = readRecords(payload["dataset"]);
    if (records === undefined) throw new Error("the dataset is no list of records");
    return [{ kind: "dataset", records }];
  }
  if (stream === "logs" || type === "step_state_change") {
    const log = readOldLogLine(payload);
    return log === undefined ? [] : [{ kind: "log", level: log.level, message: log.message }];
  }
  // Outputs of steps before the last one are evaluations; they have no counterpart.
  return step === null || step === undefined ? [{ kind: "heartbeat" }] : [];
}
