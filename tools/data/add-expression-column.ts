import { z } from "zod";

import { defineColumnTool, DERIVED_FIELDS } from "./design-tools/design-tool.ts";
import { choiceField, optional, textField } from "./design-tools/fields.ts";

export const addExpressionColumn = defineColumnTool({
  name: "add_expression_column",
  title: "Add a calculated column",
  description:
    "Add a column calculated from other columns with a Jinja2 template: arithmetic, text, conditions, fields of people.",
  example: { name: "total", expr: "{{ price * quantity }}", dtype: "float" },
  input: z.object({
    ...DERIVED_FIELDS,
    expr: textField("Template, for example {{ patient.last_name }} or {{ 'high' if amount > 1000 else 'low' }}"),
    dtype: optional(
      choiceField(["str", "int", "float", "bool"], "Type of the result, default str", {
        string: "str",
        text: "str",
        integer: "int",
        number: "float",
        boolean: "bool",
      }),
    ),
  }),
  column: (fields) => ({ column_type: "expression", ...fields }),
});
