import { z } from "zod";

import { isModelColumn } from "../../engine/data/design/draft/estimate.ts";
import { defineTool } from "../define-tool.ts";
import { boundRows, ColumnProfile, compactProfile } from "./design-tools/compact-profile.ts";
import { readDraft } from "./design-tools/design-source.ts";
import { boundLines, boundViolations, READ_ONLY, ViolationAnswer } from "./design-tools/design-tool.ts";
import type { DataCall } from "./design-tools/design-tool.ts";
import { field, optional, readNumber } from "./design-tools/fields.ts";
import { requireReady } from "./design-tools/ready-design.ts";
import { runPreview } from "./design-tools/run-preview.ts";
import { seedField } from "./init-config.ts";

const MAX_PREVIEW = 20;
const DEFAULT_PREVIEW = 5;

export const previewData = defineTool({
  name: "preview_data",
  description: "Generate a few rows of the design and a short profile of each column. Nothing is stored.",
  example: { num_records: 5 },
  input: z.object({
    num_records: optional(
      field({ type: "integer", minimum: 1, maximum: MAX_PREVIEW }, "Rows, 1 to 20, default 5", "1 to 20", (given) => {
        const rows = readNumber(given);
        // Asking for more is no mistake that needs another call: the answer says how many it has.
        return rows !== undefined && Number.isInteger(rows) && rows >= 1 ? Math.min(rows, MAX_PREVIEW) : undefined;
      }),
    ),
    seed: optional(seedField),
  }),
  output: z.object({
    records: z.array(z.record(z.string(), z.unknown())).describe("The rows; long cells are cut and say so"),
    records_left_out: z.number().int().describe("Rows that did not fit into the answer; ask for fewer"),
    profile: z.array(ColumnProfile).describe("What the columns hold, over all rows of the preview"),
    violations: z.array(ViolationAnswer).describe("Warnings about the design"),
    violations_left_out: z.number().int().optional().describe("Further warnings, see validate_config"),
    text_model: z.string().nullable().describe("Who writes the columns of models; null when there are none"),
    failures: z.array(z.string()).describe("What went wrong on the way, for example rows that were dropped"),
  }),
  annotations: { title: "Preview rows", ...READ_ONLY, openWorldHint: true },
  run: async ({ num_records: numRecords = DEFAULT_PREVIEW, seed: givenSeed }, call: DataCall) => {
    const draft = readDraft(call);
    // How many rows the job shall have is not asked for here.
    const violations = requireReady({ ...draft, num_records: numRecords }, call.context);
    const { designer } = call.context;
    const seed = givenSeed ?? draft.seed;
    const request = { config: draft.config, numRecords, signal: call.signal, ...(seed !== null && { seed }) };
    const { rows, failures } = await runPreview(designer, request);
    const hasModels = draft.config.columns.some(isModelColumn);
    const shown = boundRows(rows);
    return {
      records: shown.rows,
      records_left_out: shown.leftOut,
      profile: compactProfile(rows),
      ...boundViolations(violations),
      text_model: hasModels ? (await designer.settings()).textModel : null,
      failures: boundLines(failures),
    };
  },
});
