import { z } from "zod";

import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { numberField } from "./design-tools/fields.ts";

export const addIntColumn = defineColumnTool({
  name: "add_int_column",
  title: "Add a column of whole numbers",
  description: "Add a column of whole numbers from low to high, both included, spread evenly.",
  example: { name: "age", low: 18, high: 90 },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    low: numberField("Least value"),
    high: numberField("Greatest value"),
    conditional_params: SAMPLER_FIELDS.conditional_params,
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, low, high, ...rest }) => ({
    column_type: "sampler",
    name,
    sampler_type: "uniform",
    params: { low, high },
    convert_to: "int",
    ...rest,
  }),
});
