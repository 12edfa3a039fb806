import { z } from "zod";

import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { nameField } from "./design-tools/fields.ts";
import { listsField } from "./design-tools/values.ts";

export const addSubcategoryColumn = defineColumnTool({
  name: "add_subcategory_column",
  title: "Add a dependent category column",
  description:
    "Add a column whose values depend on a category column, with one list of values for each value of that column.",
  example: { name: "city", category: "country", values: { France: ["Paris", "Lyon"], Japan: ["Tokyo", "Osaka"] } },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    category: nameField("The category column it depends on"),
    values: listsField("For each value of that column the list of values"),
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, category, values, drop }) => ({
    column_type: "sampler",
    name,
    sampler_type: "subcategory",
    params: { category, values },
    drop,
  }),
});
