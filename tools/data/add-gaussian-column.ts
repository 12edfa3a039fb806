import { z } from "zod";

import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { choiceField, integerField, numberField, optional } from "./design-tools/fields.ts";

export const addGaussianColumn = defineColumnTool({
  name: "add_gaussian_column",
  title: "Add a column of normally distributed numbers",
  description:
    "Add a column of normally distributed numbers. Limit it with add_scalar_constraint where it must not be negative.",
  example: { name: "price", mean: 80, stddev: 15, decimal_places: 2 },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    mean: numberField("Mean"),
    stddev: numberField("Standard deviation, not negative"),
    decimal_places: optional(integerField("Digits after the point", 0, 15)),
    convert_to: optional(choiceField(["int", "float", "str"], "int for whole numbers", { integer: "int" })),
    conditional_params: SAMPLER_FIELDS.conditional_params,
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, mean, stddev, decimal_places, ...rest }) => ({
    column_type: "sampler",
    name,
    sampler_type: "gaussian",
    params: { mean, stddev, decimal_places },
    ...rest,
  }),
});
