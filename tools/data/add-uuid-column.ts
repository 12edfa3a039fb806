import { z } from "zod";

import { defineColumnTool, SAMPLER_FIELDS } from "./design-tools/design-tool.ts";
import { booleanField, optional, textField } from "./design-tools/fields.ts";

export const addUuidColumn = defineColumnTool({
  name: "add_uuid_column",
  title: "Add an id column",
  description: "Add a column of unique ids.",
  example: { name: "invoice_id", prefix: "INV-", short_form: true },
  input: z.object({
    name: SAMPLER_FIELDS.name,
    prefix: optional(textField("Text before each id")),
    short_form: optional(booleanField("8 instead of 32 characters")),
    uppercase: optional(booleanField("Capital letters")),
    drop: SAMPLER_FIELDS.drop,
  }),
  column: ({ name, drop, ...params }) => ({ column_type: "sampler", name, sampler_type: "uuid", params, drop }),
});
