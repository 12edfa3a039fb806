import { z } from "zod";

import { SAMPLER_PARAMS } from "../../engine/data/design/sampler-params.ts";
import type { SamplerType } from "../../engine/data/design/sampler-params.ts";
import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { choiceField, objectField, optional, textField } from "./design-tools/fields.ts";
import { readParams } from "./design-tools/read-changes.ts";

// The keys of the table are its type's keys.
const SAMPLER_TYPES = Object.keys(SAMPLER_PARAMS) as SamplerType[];

const PARAMS_HELP =
  "Its parameters: bernoulli {p}; binomial {n, p}; poisson {mean}; bernoulli_mixture {p, dist_name, dist_params}; " +
  "scipy {dist_name, dist_params, decimal_places?} with scipy's names, for example gamma, beta, lognorm, expon";

export const addSamplerColumn = defineColumnTool({
  name: "add_sampler_column",
  title: "Add a column of any sampler",
  description:
    "Add a column of any sampler, for what the other tools do not offer: bernoulli, binomial, poisson, bernoulli_mixture, scipy distributions.",
  example: { name: "items", sampler_type: "poisson", params: { mean: 3 } },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    sampler_type: choiceField(SAMPLER_TYPES, "Kind of sampler", { normal: "gaussian", boolean: "bernoulli" }),
    params: objectField(PARAMS_HELP),
    convert_to: optional(textField("int, float or str; for times a pattern such as %Y-%m-%d")),
    conditional_params: SAMPLER_FIELDS.conditional_params,
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, sampler_type, params, ...rest }) => ({
    column_type: "sampler",
    name,
    sampler_type,
    params: readParams(params),
    ...rest,
  }),
});
