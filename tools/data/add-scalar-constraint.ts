import { z } from "zod";

import { changeConstraint, CONSTRAINT_FIELDS } from "./design-tools/constraint-fields.ts";
import { defineDesignTool } from "./design-tools/design-tool.ts";
import { numberField } from "./design-tools/fields.ts";

export const addScalarConstraint = defineDesignTool({
  name: "add_scalar_constraint",
  title: "Limit a column by a number",
  description:
    "Demand that a drawn column of numbers is less or greater than a number in every row. A second limit on the same side takes the place of the first.",
  example: { target_column: "price", operator: "gt", rhs: 0 },
  input: z.object({
    ...CONSTRAINT_FIELDS,
    rhs: numberField("The number it is compared with; for a column use add_column_constraint"),
  }),
  isIdempotent: true,
  reduce: (draft, { remove, ...constraint }) =>
    changeConstraint(draft, { constraint_type: "scalar_inequality", ...constraint }, remove),
});
