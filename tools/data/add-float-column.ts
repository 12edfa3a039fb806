import { z } from "zod";

import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { integerField, numberField, optional } from "./design-tools/fields.ts";

export const addFloatColumn = defineColumnTool({
  name: "add_float_column",
  title: "Add a column of numbers",
  description: "Add a column of numbers with decimals between low and high, spread evenly.",
  example: { name: "amount", low: 50, high: 5000, decimal_places: 2 },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    low: numberField("Least value"),
    high: numberField("Greatest value"),
    decimal_places: optional(integerField("Digits after the point, default 2", 0, 15)),
    conditional_params: SAMPLER_FIELDS.conditional_params,
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, low, high, decimal_places = 2, ...rest }) => ({
    column_type: "sampler",
    name,
    sampler_type: "uniform",
    params: { low, high, decimal_places },
    ...rest,
  }),
});
