import { z } from "zod";

import { changeConstraint, CONSTRAINT_FIELDS } from "./design-tools/constraint-fields.ts";
import { defineDesignTool } from "./design-tools/design-tool.ts";
import { nameField } from "./design-tools/fields.ts";

export const addColumnConstraint = defineDesignTool({
  name: "add_column_constraint",
  title: "Compare two columns",
  description:
    "Demand that one drawn column is less or greater than another one in every row. Only for sampler columns of numbers or of times.",
  example: { target_column: "discount", operator: "lt", rhs: "price" },
  input: z.object({ ...CONSTRAINT_FIELDS, rhs: nameField("The column it is compared with") }),
  isIdempotent: true,
  reduce: (draft, { remove, ...constraint }) =>
    changeConstraint(draft, { constraint_type: "column_inequality", ...constraint }, remove),
});
