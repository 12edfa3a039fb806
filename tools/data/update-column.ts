import { z } from "zod";

import { updateColumn as reduceUpdate } from "../../engine/data/design/draft/update.ts";
import { defineDesignTool } from "./design-tools/design-tool.ts";
import { nameField, objectField } from "./design-tools/fields.ts";
import { readChanges } from "./design-tools/read-changes.ts";

export const updateColumn = defineDesignTool({
  name: "update_column",
  title: "Change a column",
  description:
    "Change fields of a column or rename it with new_name; references to it follow. Fields that are not named stay, null takes a field away. Another sampler_type or column_type takes new params.",
  example: { name: "price", changes: { mean: 200, stddev: 40 } },
  input: z.object({
    name: nameField("The column as it is called now"),
    changes: objectField(
      'Fields with their new values, for example {"values": ["a", "b"]}, {"high": 90}, {"new_name": "cost"}',
    ),
  }),
  reduce: (draft, { name, changes }) => reduceUpdate(draft, name, readChanges(changes)),
});
