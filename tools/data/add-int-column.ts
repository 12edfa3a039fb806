import { z } from "zod";

import { wholeNumberParams } from "../../engine/data/design/draft/whole-numbers.ts";
import { ServiceError } from "../../lib/errors.ts";
import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { numberField, readObject } from "./design-tools/fields.ts";
import { readParams } from "./design-tools/read-changes.ts";

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
  column: ({ name, low, high, conditional_params, ...rest }) => ({
    column_type: "sampler",
    name,
    sampler_type: "scipy",
    params: paramsBetween(low, high),
    convert_to: "int",
    conditional_params: conditional_params === undefined ? undefined : readConditional(conditional_params),
    ...rest,
  }),
});

function paramsBetween(low: number, high: number): ReturnType<typeof wholeNumberParams> {
  if (low > high) throw new ServiceError("invalid_input", `low (${low}) must not be greater than high (${high})`);
  if (Math.ceil(low) > Math.floor(high))
    throw new ServiceError("invalid_input", `there is no whole number from ${low} to ${high}`);
  return wholeNumberParams(low, high);
}

/** Conditions with `low` and `high` as the tool itself takes them; other parameters stay as they are written. */
function readConditional(conditional: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(conditional).map(([condition, written]) => {
      const params = readObject(written);
      if (params === undefined) return [condition, written];
      const { low, high } = readParams(params);
      return [condition, typeof low === "number" && typeof high === "number" ? paramsBetween(low, high) : params];
    }),
  );
}
