import { z } from "zod";

import { defineColumnTool, DERIVED_FIELDS } from "./design-tools/design-tool.ts";
import { choiceField, objectField, textListField } from "./design-tools/fields.ts";
import type { JsonObject } from "./design-tools/fields.ts";
import { codeLangField } from "./add-llm-code-column.ts";

export const addValidationColumn = defineColumnTool({
  name: "add_validation_column",
  title: "Add a column that checks others",
  description:
    "Add a column that checks code columns (validator_type code) or asks a remote service about columns (remote); its cells say is_valid.",
  example: {
    name: "code_ok",
    target_columns: ["solution"],
    validator_type: "code",
    validator_params: { code_lang: "python" },
  },
  input: z.object({
    ...DERIVED_FIELDS,
    target_columns: textListField("The columns to check"),
    validator_type: choiceField(["code", "remote"], "code or remote"),
    validator_params: objectField(
      'For code {"code_lang": "python" or "sql:…"}; for remote {"endpoint_url": "https://…"}',
    ),
  }),
  column: ({ validator_params, ...fields }) => ({
    column_type: "validation",
    ...fields,
    validator_params: readValidatorParams(validator_params),
  }),
});

/** Other words for a language are understood; what is none is left for validation to report. */
function readValidatorParams(params: JsonObject): JsonObject {
  const language = codeLangField.safeParse(params["code_lang"]);
  return language.success ? { ...params, code_lang: language.data } : params;
}
