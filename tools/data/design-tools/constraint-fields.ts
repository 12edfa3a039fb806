import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import type { DraftColumn } from "../../../engine/data/design/draft.ts";
import type { EditResult } from "../../../engine/data/design/draft/columns.ts";
import { dropConstraint, putConstraint } from "../../../engine/data/design/draft/parts.ts";
import { booleanField, choiceField, nameField, optional } from "./fields.ts";

/** Arguments of both kinds of constraints. */
export const CONSTRAINT_FIELDS = {
  target_column: nameField("The column that is limited"),
  operator: choiceField(["lt", "le", "gt", "ge"], "lt less, le less or equal, gt greater, ge greater or equal", {
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    before: "lt",
    after: "gt",
  }),
  remove: optional(booleanField("True takes this constraint out again")),
};

export function changeConstraint(
  draft: DesignDraft,
  constraint: DraftColumn,
  isRemoval: boolean | undefined,
): EditResult {
  return isRemoval === true ? dropConstraint(draft, constraint) : putConstraint(draft, constraint);
}
