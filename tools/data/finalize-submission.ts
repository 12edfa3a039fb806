import { z } from "zod";

import { drawnPart, estimateDesign, isModelColumn } from "../../engine/data/design/draft/estimate.ts";
import { MAX_RECORDS } from "../../engine/data/design/draft.ts";
import type { DesignDraft } from "../../engine/data/design/draft.ts";
import { textOf } from "../../engine/data/design/draft/show.ts";
import { hasErrors } from "../../engine/data/design/violation.ts";
import { defineTool } from "../define-tool.ts";
import { checkDesign } from "./design-tools/check-design.ts";
import { readDraft } from "./design-tools/design-source.ts";
import { boundLines, boundViolations, READ_ONLY, ViolationAnswer } from "./design-tools/design-tool.ts";
import type { DataCall } from "./design-tools/design-tool.ts";
import { integerField, nameField, optional } from "./design-tools/fields.ts";
import { EXPORT_FORMATS } from "./dataset-job/export-formats.ts";
import { formatsField } from "./design-tools/job-fields.ts";
import { runPreview } from "./design-tools/run-preview.ts";

const SAMPLE_ROWS = 5;
const MAX_LISTED = 500;

/** The tool where a job has at most `maxRows` rows, which its arguments say. */
export const finalizeSubmissionTool = (maxRows: number) =>
  defineTool({
    name: "finalize_submission",
    description:
      "Check the design for the last time and estimate what its job will take: rows, models, tokens, time. Starts nothing; create_job does.",
    example: { num_records: 500, formats: ["csv"] },
    input: z.object({
      name: optional(nameField("Name of the dataset, default the design's")),
      num_records: optional(integerField("Rows, default the design's", 1, maxRows)),
      formats: optional(formatsField),
    }),
    output: z.object({
      ready: z.boolean().describe("True when create_job can start"),
      missing: z.array(z.string()).describe("What is still to be said or added"),
      violations: z.array(ViolationAnswer).describe("What is wrong with the design"),
      violations_left_out: z.number().int().optional().describe("Further violations, see validate_config"),
      estimate: z
        .object({
          name: z.string().nullable().describe("Name of the dataset"),
          rows: z.number().int().nullable().describe("Rows; null when nobody has said how many"),
          columns: z.array(z.string()).describe("Columns of the dataset, at most 500"),
          models: z.array(z.string()).describe("Models that write columns"),
          tokens_estimated: z.number().int().describe("Tokens sent and written, roughly; 0 without a model endpoint"),
          input_tokens_estimated: z.number().int().describe("Of them sent"),
          output_tokens_estimated: z.number().int().describe("Of them written"),
          seconds_estimated: z
            .number()
            .describe("Time, roughly, with four requests at a time unless the design says more"),
          text_model: z.string().nullable().describe("Who writes the columns of models; null when there are none"),
          formats: z.array(z.enum(EXPORT_FORMATS)).describe("File formats that were asked for"),
        })
        .describe("What the job will take"),
    }),
    annotations: { title: "Check and estimate", ...READ_ONLY },
    run: async ({ name, num_records: givenRecords, formats = [] }, call: DataCall) => {
      const draft = readDraft(call);
      const numRecords = givenRecords ?? draft.num_records;
      const asked = { ...draft, num_records: numRecords };
      const { violations, missing } = checkDesign(asked, call.context);
      const isReady = missing.length === 0 && !hasErrors(violations);
      const modelColumns = draft.config.columns.filter(isModelColumn);
      const { designer } = call.context;
      const settings = await designer.settings();
      const textModel = modelColumns.length === 0 ? null : settings.textModel;
      const estimate = estimateDesign(draft, {
        rows: numRecords ?? 0,
        sample: isReady && modelColumns.length > 0 ? await drawSample(draft, call) : [],
        isOffline: designer.backend === "embedded" && settings.modelProviders.length === 0,
      });
      return {
        ready: isReady,
        missing: boundLines(missing),
        ...boundViolations(violations),
        estimate: {
          name: name ?? draft.name,
          rows: numRecords,
          columns: draft.config.columns
            .filter((column) => column["drop"] !== true)
            .map((column) => textOf(column, "name"))
            .slice(0, MAX_LISTED),
          models: modelsOf(draft),
          tokens_estimated: estimate.inputTokens + estimate.outputTokens,
          input_tokens_estimated: estimate.inputTokens,
          output_tokens_estimated: estimate.outputTokens,
          seconds_estimated: estimate.seconds,
          text_model: textModel,
          formats,
        },
      };
    },
  });

export const finalizeSubmission = finalizeSubmissionTool(MAX_RECORDS);

/** The prompts are rendered over real rows, but no model is asked for them. */
async function drawSample(draft: DesignDraft, { context, signal }: DataCall) {
  const config = drawnPart(draft);
  if (config === undefined) return [];
  try {
    return (await runPreview(context.designer, { config, numRecords: SAMPLE_ROWS, signal })).rows;
  } catch (error) {
    if (signal.aborted) throw error;
    // An estimate over the bare prompts is better than none; create_job reports what is wrong.
    context.log.debug({ err: error }, "no sample for the estimate");
    return [];
  }
}

function modelsOf({ config }: DesignDraft): string[] {
  const used = new Set(config.columns.filter(isModelColumn).map((column) => textOf(column, "model_alias")));
  return [...used].map((alias) => {
    const model = (config.model_configs ?? []).find((one) => one["alias"] === alias);
    return model === undefined ? alias : textOf(model, "model");
  });
}
