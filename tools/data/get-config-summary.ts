import { z } from "zod";

import { columnSummaries } from "../../engine/data/design/draft/summary.ts";
import { draftConstraintText, textOf } from "../../engine/data/design/draft/show.ts";
import { defineTool } from "../define-tool.ts";
import { checkDesign } from "./design-tools/check-design.ts";
import { readDraft } from "./design-tools/design-source.ts";
import { boundLines, READ_ONLY } from "./design-tools/design-tool.ts";
import type { DataCall } from "./design-tools/design-tool.ts";

const MAX_LISTED = 200;

export const getConfigSummary = defineTool({
  name: "get_config_summary",
  description: "Tell what the design holds so far: columns in order, models, constraints, what is missing.",
  input: z.object({}),
  output: z.object({
    name: z.string().nullable().describe("Name of the dataset"),
    num_records: z.number().nullable().describe("Rows to generate"),
    seed: z.union([z.number(), z.string()]).nullable().describe("Seed, null when the job draws one"),
    columns: z
      .array(
        z.object({
          name: z.string().describe("Column"),
          kind: z.string().describe("Sampler or column type"),
          details: z.string().describe("Its parameters in short"),
          drop: z.boolean().describe("True for a helper that the dataset does not show"),
        }),
      )
      .describe("Columns in the order of the dataset"),
    columns_left_out: z.number().int().describe("Columns beyond the first 200"),
    models: z.array(z.string()).describe("alias: model"),
    constraints: z.array(z.string()).describe("Limits of drawn columns"),
    seed_dataset: z.string().nullable().describe("File whose rows the design starts from"),
    missing: z.array(z.string()).describe("What is still to be said or added"),
    errors: z.number().int().describe("How many errors validate_config would list"),
  }),
  annotations: { title: "Summarize the design", ...READ_ONLY },
  run: (_input, call: DataCall) => {
    const draft = readDraft(call);
    const { violations, missing } = checkDesign(draft, call.context);
    const { config, name, num_records, seed } = draft;
    const columns = columnSummaries(draft);
    const source = config.seed_config?.["source"];
    const path = typeof source === "object" && source !== null && !Array.isArray(source) ? source["path"] : null;
    return Promise.resolve({
      name,
      num_records,
      seed,
      columns: columns.slice(0, MAX_LISTED),
      columns_left_out: Math.max(0, columns.length - MAX_LISTED),
      models: boundLines((config.model_configs ?? []).map((one) => `${textOf(one, "alias")}: ${textOf(one, "model")}`)),
      constraints: boundLines((config.constraints ?? []).map(draftConstraintText)),
      seed_dataset: typeof path === "string" ? path : null,
      missing: boundLines(missing),
      errors: violations.filter((violation) => violation.level === "error").length,
    });
  },
});
