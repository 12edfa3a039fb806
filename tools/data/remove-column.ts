import { z } from "zod";

import { removeColumn as reduceRemove } from "../../engine/data/design/draft/columns.ts";
import { defineDesignTool } from "./design-tools/design-tool.ts";
import { booleanField, nameField, optional } from "./design-tools/fields.ts";

export const removeColumn = defineDesignTool({
  name: "remove_column",
  title: "Remove a column",
  description: "Remove a column from the design. One that others refer to is kept unless cascade is true.",
  example: { name: "notes" },
  input: z.object({
    name: nameField("The column"),
    cascade: optional(booleanField("True removes the columns and constraints that refer to it as well")),
  }),
  reduce: (draft, { name, cascade = false }) => reduceRemove(draft, name, cascade),
});
