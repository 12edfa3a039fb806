import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { choiceField, optional } from "./design-tools/fields.ts";
import { orderWeights, valuesField, weightsField } from "./design-tools/values.ts";

export const addCategoryColumn = defineColumnTool({
  name: "add_category_column",
  title: "Add a category column",
  description: "Add a column that takes one of a list of values, by weight.",
  example: { name: "status", values: ["active", "closed"], weights: [80, 20] },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    values: valuesField("The values, text or numbers"),
    weights: optional(weightsField("One weight for each value, in the same order; any numbers, percent too")),
    convert_to: optional(choiceField(["int", "float", "str"], "Type of the values in the dataset")),
    conditional_params: SAMPLER_FIELDS.conditional_params,
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, values: given, weights: givenWeights, ...rest }) => {
    const { values } = given;
    const weights = givenWeights === undefined ? given.weights : orderWeights(values, givenWeights);
    if (givenWeights !== undefined && weights === undefined) {
      throw new ServiceError("invalid_input", `weights must name each of the values: ${values.join(", ")}`);
    }
    return { column_type: "sampler", name, sampler_type: "category", params: { values, weights }, ...rest };
  },
});
