import { z } from "zod";

import { columnNames } from "../../engine/data/design/draft/columns.ts";
import { resolveName } from "../../engine/data/design/draft/names.ts";
import { ServiceError } from "../../lib/errors.ts";
import { changeConstraint, CONSTRAINT_FIELDS } from "./design-tools/constraint-fields.ts";
import { defineDesignTool } from "./design-tools/design-tool.ts";
import { nameField, readNumber } from "./design-tools/fields.ts";

export const addColumnConstraint = defineDesignTool({
  name: "add_column_constraint",
  title: "Compare two columns",
  description:
    "Demand that one drawn column is less or greater than another one in every row. Only for sampler columns of numbers or of times.",
  example: { target_column: "discount", operator: "lt", rhs: "price" },
  input: z.object({ ...CONSTRAINT_FIELDS, rhs: nameField("The column it is compared with") }),
  isIdempotent: true,
  reduce: (draft, { remove, ...constraint }) => {
    const number = readNumber(constraint.rhs);
    if (number !== undefined && resolveName(constraint.rhs, columnNames(draft)) === undefined) {
      throw new ServiceError(
        "invalid_input",
        `rhs ${constraint.rhs} is a number, not a column; use add_scalar_constraint for it`,
      );
    }
    return changeConstraint(draft, { constraint_type: "column_inequality", ...constraint }, remove);
  },
});
