import { z } from "zod";

import { parseDesign } from "../../engine/data/design/parse-design.ts";
import { planColumns } from "../../engine/data/design/plan.ts";
import { hasErrors } from "../../engine/data/design/violation.ts";
import { defineTool } from "../define-tool.ts";
import { checkDesign } from "./design-tools/check-design.ts";
import { readDraft } from "./design-tools/design-source.ts";
import { boundLines, READ_ONLY, ViolationAnswer } from "./design-tools/design-tool.ts";
import type { DataCall } from "./design-tools/design-tool.ts";

const MAX_VIOLATIONS = 200;
const MAX_ORDER = 500;

export const validateConfig = defineTool({
  name: "validate_config",
  description: "List everything that is wrong with the design, errors first, and the order in which columns are made.",
  input: z.object({}),
  output: z.object({
    valid: z.boolean().describe("True when rows can be generated from it"),
    violations: z.array(ViolationAnswer).describe("All problems, at most 200"),
    violations_left_out: z.number().int().describe("Problems beyond the first 200"),
    missing: z.array(z.string()).describe("What is still to be said or added"),
    order: z.array(z.string()).describe("Columns in the order of generation; empty while the shape of some is wrong"),
  }),
  annotations: { title: "Check the design", ...READ_ONLY },
  run: (_input, call: DataCall) => {
    const draft = readDraft(call);
    const { violations, missing } = checkDesign(draft, call.context);
    const { design } = parseDesign(draft.config);
    const isEmpty = draft.config.columns.length === 0 && (draft.config.seed_config ?? null) === null;
    return Promise.resolve({
      valid: !isEmpty && !hasErrors(violations),
      violations: violations.slice(0, MAX_VIOLATIONS),
      violations_left_out: Math.max(0, violations.length - MAX_VIOLATIONS),
      missing: boundLines(missing),
      order: design === undefined ? [] : planColumns(design).order.slice(0, MAX_ORDER),
    });
  },
});
