import { z } from "zod";

import type { JobListQuery, PreviewMessage } from "../../designer.ts";
import type { Dialect } from "../dialect.ts";
import { readLevel } from "../log-lines.ts";
import { readRecords } from "../records.ts";
import { fromV1Config } from "../translate/from-v1.ts";
import { toV1Config } from "../translate/to-v1.ts";
import { compact } from "../translate/translation.ts";
import type { V1Options } from "../translate/v1-options.ts";

const ROOT = "/v1/data-designer";

/** 25.10 to 25.12. Source: NeMo Data Designer API 1.4.0 and the Python SDKs 1.4 and 1.5. */
export function createV1Dialect(schema: V1Options["schema"]): Dialect {
  return {
    title: `v1 (${schema})`,
    paths: {
      preview: `${ROOT}/preview`,
      jobs: `${ROOT}/jobs`,
      job: (id) => `${ROOT}/jobs/${encodeURIComponent(id)}`,
      cancel: (id) => `${ROOT}/jobs/${encodeURIComponent(id)}/cancel`,
      status: (id) => `${ROOT}/jobs/${encodeURIComponent(id)}/status`,
      // The SDK of 25.10 reads logs from the jobs service beside it.
      logs: (id) => [`${ROOT}/jobs/${encodeURIComponent(id)}/logs`, `/v1/jobs/${encodeURIComponent(id)}/logs`],
      results: (id) => `${ROOT}/jobs/${encodeURIComponent(id)}/results`,
      download: (id, key) => `${ROOT}/jobs/${encodeURIComponent(id)}/results/${encodeURIComponent(key)}/download`,
      settings: `${ROOT}/settings`,
    },
    previewType: "application/jsonl",
    hasDiscriminatorChoice: true,
    keepsCustomFields: true,
    listsWhole: false,
    toConfig: (design, hasDiscriminators) => toV1Config(design, { schema, hasDiscriminators }),
    fromConfig: fromV1Config,
    createBody: ({ name, description, project, namespace, ownership, numRecords }, config, customFields) =>
      compact({
        name,
        description,
        project,
        namespace,
        ownership,
        custom_fields: customFields,
        spec: { num_records: numRecords, config },
      }),
    previewBody: (config, numRecords) => ({ config, num_records: numRecords }),
    listQuery,
    idOf: ({ id }) => id ?? undefined,
    resultName: (result) => result.result_name ?? result.name ?? result.id ?? "",
    // Routes take the name itself, and answer 404 for a result that is missing.
    resultKey: (name) => name,
    readPreview,
  };
}

export function listQuery({ page, pageSize, sort, status }: JobListQuery): Record<string, string> {
  return {
    page: String(page),
    page_size: String(pageSize),
    sort,
    ...(status === undefined ? {} : { "filter[status]": status }),
  };
}

/** Source: NeMo Data Designer API 1.4.0, `PreviewMessage`; what is in `message` from the Python SDK 1.4. */
const Message = z.object({
  message_type: z.string(),
  message: z.string().nullish(),
  extra: z.record(z.string(), z.unknown()).nullish(),
});

function readPreview(line: unknown): readonly PreviewMessage[] {
  const { message_type: type, message, extra } = Message.parse(line);
  switch (type) {
    case "heartbeat":
      return [{ kind: "heartbeat" }];
    case "log": {
      const level = extra?.["level"];
      return [{ kind: "log", level: readLevel(typeof level === "string" ? level : null), message: message ?? "" }];
    }
    case "dataset": {
      const records = readRecords(JSON.parse(message ?? ""));
      if (records === undefined) throw new Error("the dataset is no list of records and no table by column");
      return [{ kind: "dataset", records }];
    }
    case "analysis":
      return [{ kind: "analysis", analysis: JSON.parse(message ?? "") }];
    default:
      // Later versions send more, such as outputs of processors.
      return [];
  }
}
